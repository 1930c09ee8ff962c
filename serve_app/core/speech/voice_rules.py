"""Whose voice speaks, and how: a built-in speaker, a clone, a style in words (TTS-011, TTS-014..017)."""

from __future__ import annotations

from serve_app.core.fields import one_line
from serve_app.core.reference_paths import reference_path
from serve_app.core.speech.voice_design import check_voice_design
from serve_app.errors import InvalidRequest

SAMPLE_MODELS = frozenset({"f5", "vieneu_v2"})
"""They take the voice to clone as `f5_sample` (TTS-011), the others as `clone_audio` (TTS-016)."""
SPEAKER_MODELS = frozenset({"cosytts", "qwen_viet_tts", "vieneu_v2"})
"""They have built-in speakers (TTS-014)."""
STYLE_MODELS = frozenset({"cosytts", "omnivoice"})
"""They take a style in words, unless they clone (TTS-015)."""
LONGEST = {
    **dict.fromkeys(("speaker", "voice"), 64),
    **dict.fromkeys(("instruct", "instructions"), 500),
    **dict.fromkeys(("clone_text", "transcript"), 1000),
    **dict.fromkeys(("clone_audio", "f5_sample"), 2048),
}
"""Characters: names are short, a style is a few sentences, 30 s of speech are 600 characters at most, and
browsers hold URLs to about 2000."""


def voice_to_clone(model: str, f5_sample: str, clone_audio: str, clone_text: str) -> tuple[str, str]:
    """Path or URL of the voice to clone, and what it says; empty for none.

    Raises InvalidRequest when it came under the name that is for other models or is no path of ours, and for
    a text without it.
    """
    given = {"f5_sample": f5_sample, "clone_audio": clone_audio}
    right, wrong = ("f5_sample", "clone_audio")[:: 1 if model in SAMPLE_MODELS else -1]
    if given[wrong]:
        raise InvalidRequest(f"{wrong}: {model} takes the voice to clone as {right}.")
    if clone_text and not given[right]:
        raise InvalidRequest(f"clone_text: It says what is heard in {right}, which is missing.")
    if given[right]:
        reference_path(bounded(right, given[right]), field=right)
    return given[right], bounded("clone_text", one_line(clone_text))


def speaker_of(model: str, speaker: str, *, cloning: bool, field: str = "speaker") -> str:
    """The built-in speaker, which gives way to a clone. Raises InvalidRequest for a model that has none."""
    if speaker and not cloning and model not in SPEAKER_MODELS:
        raise InvalidRequest(f"{field}: {model} has no built-in speakers.")
    return "" if cloning else bounded(field, one_line(speaker))


def style_of(model: str, instruct: str, *, cloning: bool, field: str = "instruct") -> str:
    """The style. Raises InvalidRequest for one that the model cannot follow (TTS-015)."""
    instruct = bounded(field, one_line(instruct))
    if not instruct:
        return ""
    if model not in STYLE_MODELS:
        raise InvalidRequest(f"{field}: {model} takes no style; {' and '.join(sorted(STYLE_MODELS))} do.")
    if cloning:
        raise InvalidRequest(f"{field}: {model} takes no style together with a voice to clone.")
    if model == "omnivoice":
        check_voice_design(instruct, field=field)
    return instruct


def bounded(field: str, value: str) -> str:
    """The value. Raises InvalidRequest when it is too long."""
    if len(value) > LONGEST[field]:
        raise InvalidRequest(f"{field}: It may have {LONGEST[field]} characters.")
    return value
