"""OpenAI's names for models and voices, in terms of ours (OAI-009)."""

from __future__ import annotations

from serve_app.core.fields import one_of
from serve_app.core.speech.rules import LANGUAGES, Pairs, language_and_model
from serve_app.core.text.languages import language_code
from serve_app.core.text.spoken_text import language_of
from serve_app.errors import ModelNotFound

ALIASES = frozenset({"tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"})
"""Names that many clients have built in; here the language chooses the model (TTS-008)."""
TRANSCRIBER = "whisper-1"
"""OpenAI's recogniser; here the engine behind `/transcribe` (OAI-005)."""
SPEAKERS = {
    "cosytts": {
        "alloy": "Vivian",
        "ash": "Ryan",
        "ballad": "Aiden",
        "coral": "Serena",
        "echo": "Dylan",
        "fable": "Eric",
        "marin": "Serena",
        "cedar": "Ryan",
        "nova": "Sohee",
        "onyx": "Uncle_Fu",
        "sage": "Ono_Anna",
        "shimmer": "Vivian",
        "verse": "Aiden",
    },
}
"""Of the model with enough built-in speakers: women's voices for women's, men's for men's. Every other model
speaks with the voice it has."""
VOICES = frozenset(SPEAKERS["cosytts"])
"""OpenAI's built-in voices."""


def language_and_openai_model(text: str, language: str, model: str, pairs: Pairs) -> tuple[str, str]:
    """The language, found in the text when it is not given, and our model.

    A text in Latin letters that tell nothing is in a language that the model speaks, English first. Raises
    ModelNotFound, and InvalidRequest for what does not go together.
    """
    language = language_code(language)
    if model not in pairs and model not in ALIASES:
        raise ModelNotFound(f"There is no model {model[:100]!r}; there are: {', '.join(sorted(pairs))}.")
    if model in ALIASES:
        return language_and_model(language or language_of(text), "", pairs)
    found = language or language_of(text)
    if not language and found == LANGUAGES[0] and found not in pairs[model]:
        found = one_of("language", "", tuple(known for known in LANGUAGES if known in pairs[model]))
    return language_and_model(found, model, pairs)


def speaker_for(model: str, voice: str) -> str:
    """The built-in speaker of a model behind OpenAI's name of a voice; another name is the speaker's own."""
    return SPEAKERS.get(model, {}).get(voice, "") if voice in VOICES else voice
