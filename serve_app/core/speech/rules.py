"""Which speech a caller gets: the rules between the fields of a request (TTS-002..018)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from serve_app.core.fields import LARGEST_SEED, either, one_of
from serve_app.core.speech.voice_rules import speaker_of, style_of, voice_to_clone
from serve_app.core.text.languages import language_code
from serve_app.core.text.spoken_text import check_speakable, language_of, spoken_text
from serve_app.errors import InvalidRequest

LANGUAGES = ("en", "zh", "vi", "th", "ms", "lo", "ja", "ko")
"""TTS-003; the first one is the default."""
PREFERRED = {"th": "f5", "vi": "vieneu_v2", "ms": "omnivoice", "lo": "omnivoice"}
"""The model of a language when none is asked for; cosytts for all others (TTS-008)."""
LONGEST_TEXT = 200
"""Code points of one request (TTS-002)."""

Pairs = Mapping[str, Set[str]]
"""The languages of each public model (`Settings.tts_pairs`, TTS-009)."""


@dataclass(frozen=True, slots=True)
class SpeechFields:
    """A request as it was sent; an empty field was not given."""

    text: str
    language: str = ""
    model: str = ""
    seed: int | None = None
    speaker: str = ""
    instruct: str = ""
    f5_thai_variant: str = ""
    vieneu_expression: str = ""
    f5_sample: str = ""
    clone_audio: str = ""
    clone_text: str = ""
    qwen3_clone_audio: str = ""
    """Legacy alias of `clone_audio` (TTS-016)."""
    qwen3_clone_text: str = ""
    """Legacy alias of `clone_text` (TTS-017)."""


@dataclass(frozen=True, slots=True)
class SpeechJob:
    """A request after all rules: what is not used is empty, what was left open is chosen."""

    text: str
    language: str
    model: str
    seed: int
    speaker: str = ""
    instruct: str = ""
    f5_thai_variant: str = "v2"
    vieneu_expression: str = "natural"
    reference: str = ""
    """Path or URL of the voice to clone."""
    transcript: str = ""
    """What is said in the reference."""


def resolve(asked: SpeechFields, pairs: Pairs, *, random_seed: int) -> SpeechJob:
    """The speech that is asked for. Raises InvalidRequest, which names the field.

    A variant, an expression, or a speaker beside a clone is left aside where it does not apply
    (TTS-012..014), since dashboards always send them. A clone, a speaker or a style that the model cannot use
    is refused: nobody wants another voice than the one asked for.
    """
    text = spoken_text(asked.text, field="text", longest=LONGEST_TEXT)
    language, model = language_and_model(_language(asked, text), asked.model, pairs)
    check_speakable(text, (language,), field="text")
    reference, transcript = _voice_to_clone(asked, model)
    if transcript:
        check_speakable(transcript, sorted(pairs[model]), field="clone_text")
    cloning = bool(reference)
    return SpeechJob(
        text=text,
        language=language,
        model=model,
        seed=seed_of(asked.seed, random_seed),
        speaker=speaker_of(model, asked.speaker, cloning=cloning),
        instruct=style_of(model, asked.instruct, cloning=cloning),
        f5_thai_variant=one_of("f5_thai_variant", asked.f5_thai_variant, ("v2", "v1")),
        vieneu_expression=one_of("vieneu_expression", asked.vieneu_expression, ("natural", "storytelling")),
        reference=reference,
        transcript=transcript,
    )


def _language(asked: SpeechFields, text: str) -> str:
    """The code of the language; that of the text's script where it is to be found out, none where none is
    given."""
    return language_code(asked.language) or (language_of(text) if asked.language else "")


def language_and_model(language: str, model: str, pairs: Pairs) -> tuple[str, str]:
    """Both, chosen where empty (TTS-003..009). Raises InvalidRequest for what does not go together."""
    language = one_of("language", language, LANGUAGES)
    speaking = sorted(name for name, languages in pairs.items() if language in languages)
    preferred = PREFERRED.get(language, "cosytts")
    model = model or (preferred if preferred in speaking else next(iter(speaking), preferred))
    one_of("model", model, tuple(sorted(pairs)))
    if model not in speaking:
        raise InvalidRequest(
            f"model: {model} does not speak {language}; use {' or '.join(speaking) or 'none'}."
        )
    return language, model


def _voice_to_clone(asked: SpeechFields, model: str) -> tuple[str, str]:
    clone_audio = either("clone_audio", asked.clone_audio, "qwen3_clone_audio", asked.qwen3_clone_audio)
    clone_text = either("clone_text", asked.clone_text, "qwen3_clone_text", asked.qwen3_clone_text)
    return voice_to_clone(model, asked.f5_sample, clone_audio, clone_text)


def seed_of(asked: int | None, random_seed: int) -> int:
    """The seed; none, or one below zero, is random (TTS-010). Raises InvalidRequest for one too large."""
    if asked is not None and asked > LARGEST_SEED:
        raise InvalidRequest(f"seed: It may be {LARGEST_SEED} at most.")
    return random_seed if asked is None or asked < 0 else asked
