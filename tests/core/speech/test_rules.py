"""The rules between the fields of a speech request: TTS-002..018, GT-11."""

from __future__ import annotations

import runpy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.core.fields import LARGEST_SEED
from serve_app.core.speech.rules import LANGUAGES, LONGEST_TEXT, SpeechFields, SpeechJob, resolve
from serve_app.core.speech.voice_design import CATEGORY
from serve_app.core.text.spoken_text import language_of
from serve_app.errors import InvalidRequest
from serve_app.settings import Settings

PAIRS = Settings().tts_pairs
RANDOM_SEED = 77


def order(**fields: Any) -> SpeechJob:
    return resolve(SpeechFields(**{"text": "hello", **fields}), PAIRS, random_seed=RANDOM_SEED)


def refused(**fields: Any) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        order(**fields)
    return refusal.value.message


def test_text_of_200_code_points() -> None:
    """GT-11, TTS-002: counted after trimming, as code points."""
    assert order(text="ก" * 200, language="th").text == "ก" * 200
    assert order(text=f"  {'ก' * 200}\n", language="th").text == "ก" * 200
    assert order(text="👍" * 199 + "a").text.endswith("a")
    assert "text" in refused(text="ก" * 201, language="th")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t\u3000",
        "\x00\x07\x1b",
        "\u200b\u200d\ufeff",
        "\u202e\u2066\u200f",
        "\u0301" * 200,
        "่" * 200,
        "...!?",
        "😀👍",
        "\ud800",
    ],
    ids=repr,
)
def test_text_with_nothing_to_speak(text: str) -> None:
    """TTS-002: blank, or only marks, signs and what cannot be seen."""
    assert refused(text=text).startswith("text:")


MUTE = {
    "th": "ๆ|ฯ|ะ|เา|ๆ ๆ|សួស្តី|你好|ສະບາຍດີ", "lo": "ໆ|ະ|สวัสดี", "ja": "ー|々|สวัสดี",
    "en": "你好|สวัสดี|Привет|שלום|ˈˌ",
    "vi": "สวัสดี", "ms": "안녕", "zh": "안녕", "ko": "かな",
}  # fmt: skip
SAID = {
    "th": "ดู iPhone|iPhone|50%|๕|ก|สวัสดี 你好|เด็กๆ",
    "lo": "ກ", "ja": "漢字|カ|ｶ", "en": "5|½|Ａ", "vi": "đ", "ms": "a", "zh": "〇", "ko": "漢字",
}  # fmt: skip


def each(texts: dict[str, str]) -> list[tuple[str, str]]:
    return [(text, language) for language, joined in texts.items() for text in joined.split("|")]


@pytest.mark.parametrize(("text", "language"), each(MUTE))
def test_text_that_the_language_cannot_say(text: str, language: str) -> None:
    """TTS-030: refused before there is a job, by the name of its field."""
    assert refused(text=text, language=language).startswith("text:")


@pytest.mark.parametrize(("text", "language"), each(SAID))
def test_text_of_which_something_is_said(text: str, language: str) -> None:
    """TTS-030: one letter or digit is enough; names in Latin letters stand in every text."""
    assert order(text=text, language=language).text == text


@pytest.mark.parametrize("transcript", ["ๆ", "...", "😀", "សួស្តី", "안녕"])
def test_a_transcript_that_the_model_cannot_read(transcript: str) -> None:
    """TTS-030: nothing like it is heard in the voice to clone."""
    told = refused(text="สวัสดี", language="th", f5_sample="custom_voices/team/a.wav", clone_text=transcript)
    assert told.startswith("clone_text:")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("\u202eabc\u202c", "abc"),
        ("a\x00b\x1bc", "abc"),
        ("one\r\ntwo\tthree\u2028four", "one  two three four"),
        ("\ufeffสวัสดี\u200bครับ", "สวัสดี\u200bครับ"),
        ("👩\u200d👧 ok", "👩\u200d👧 ok"),
        ("\u200fשלום\u200e 5", "שלום 5"),
        ("e" + "\u0301" * 199, "e" + "\u0301" * 199),
        ("a\ud800b", "ab"),
    ],
)
def test_what_is_hidden_is_removed(sent: str, kept: str) -> None:
    """TTS-002: control and direction marks go, line breaks are spaces; what writers need stays."""
    assert order(text=sent, language=language_of(kept)).text == kept


@pytest.mark.parametrize(
    ("language", "model"),
    [
        ("", "cosytts"),
        ("en", "cosytts"),
        ("zh", "cosytts"),
        ("ja", "cosytts"),
        ("ko", "cosytts"),
        ("th", "f5"),
        ("vi", "vieneu_v2"),
        ("ms", "omnivoice"),
        ("lo", "omnivoice"),
    ],
)
def test_the_default_model(language: str, model: str) -> None:
    """GT-11, TTS-003, TTS-004, TTS-007, TTS-008."""
    found = order(language=language)
    assert (found.language, found.model) == (language or "en", model)


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [("hi", "th-TH", "th"), ("hi", "Vietnamese", "vi"), ("สวัสดี", "auto", "th"), ("hi", "AUTO", "en")],
)
def test_a_language_by_another_spelling(text: str, language: str, code: str) -> None:
    """VP-004, TTS-003: `auto` is found by the script of the text; none at all stays the default."""
    assert order(text=text, language=language).language == code
    with pytest.raises(InvalidRequest, match=r"^text: Nothing in it"):
        order(text="สวัสดี")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("model", sorted(PAIRS))
def test_pairs(model: str, language: str) -> None:
    """GT-11, TTS-005, TTS-006, TTS-009: exactly the pairs of the settings."""
    if language in PAIRS[model]:
        assert order(model=model, language=language).model == model
    else:
        told = refused(model=model, language=language)
        assert told.startswith("model:")
        assert "omnivoice" in told


@pytest.mark.parametrize("field", ["language", "model", "f5_thai_variant", "vieneu_expression"])
def test_unknown_names(field: str) -> None:
    """TTS-003, TTS-004, TTS-012, TTS-013: named, with what there is; also where they do not apply."""
    for wrong in ("xx", "XX-th", "v3", "\x00"):
        assert refused(**{field: wrong}).startswith(f"{field}: It must be one of ")


def test_a_default_that_an_operator_took_away() -> None:
    """TTS-009: the pairs are configuration; another model that speaks the language is chosen."""
    asked = SpeechFields("hello", "th")
    assert resolve(asked, {"omnivoice": {"th"}, "f5": {"en"}}, random_seed=1).model == "omnivoice"
    with pytest.raises(InvalidRequest):
        resolve(asked, {"f5": {"en"}}, random_seed=1)


@pytest.mark.parametrize(
    ("asked", "seed"),
    [(None, RANDOM_SEED), (-1, RANDOM_SEED), (-5, RANDOM_SEED), (0, 0), (LARGEST_SEED, LARGEST_SEED)],
)
def test_seeds(asked: int | None, seed: int) -> None:
    """GT-11, TTS-010: none or a negative one is random."""
    assert order(seed=asked).seed == seed


def test_a_seed_too_large() -> None:
    """GT-11, TTS-010."""
    assert LARGEST_SEED == 2147483647
    assert refused(seed=2147483648).startswith("seed:")


def test_variants() -> None:
    """TTS-012, TTS-013: as given, or the default."""
    assert order().f5_thai_variant == "v2"
    assert order(language="th", f5_thai_variant="v1").f5_thai_variant == "v1"
    assert order().vieneu_expression == "natural"
    assert order(language="vi", vieneu_expression="storytelling").vieneu_expression == "storytelling"


VOICE = "custom_voices/team/voice.wav"


@pytest.mark.parametrize("model", sorted(PAIRS))
def test_the_field_of_a_clone(model: str) -> None:
    """TTS-011, TTS-016: each model has one; the other one would be left unheard, and is refused."""
    language = "vi" if "vi" in PAIRS[model] else "en"
    right, wrong = (
        ("f5_sample", "clone_audio") if model in ("f5", "vieneu_v2") else ("clone_audio", "f5_sample")
    )
    found = order(model=model, language=language, **{right: VOICE, "clone_text": " what it says\n"})
    assert (found.reference, found.transcript) == (VOICE, "what it says")
    told = refused(model=model, language=language, **{wrong: VOICE})
    assert told.startswith(f"{wrong}:")
    assert right in told


def test_aliases_of_a_clone() -> None:
    """TTS-016, TTS-017, LEG-006: the old names do the same; both, when they agree."""
    old = order(qwen3_clone_audio=VOICE, qwen3_clone_text="hi")
    assert old == order(clone_audio=VOICE, clone_text="hi")
    assert old == order(clone_audio=VOICE, qwen3_clone_audio=VOICE, qwen3_clone_text="hi", clone_text="hi")
    assert "differ" in refused(clone_audio=VOICE, qwen3_clone_audio=f"{VOICE}2")
    assert "differ" in refused(clone_audio=VOICE, qwen3_clone_text="a", clone_text="b")


@pytest.mark.parametrize(
    "path",
    [
        "custom_voices/../secret.wav",
        "custom_voices/team/../../x.wav",
        "/etc/passwd",
        "/custom_voices/team/x.wav",
        "F5-TTS/../x.wav",
        "F5-TTS",
        "F5-TTS/",
        "F5-TTS//etc/passwd",
        "uploads/..",
        "/uploads/",
        "/uploads/a\\..\\b",
        "/uploads/a/\x00.wav",
        "http://example.com/voice.wav",
        "file:///etc/passwd",
        "ftp://example.com/a.wav",
        "data:audio/wav;base64,AAAA",
        "C:\\voices\\x.wav",
        "voice.wav",
        "generations/tts/x.wav",
        "https:/example.com/a",
        "a" * 3000,
    ],
)
def test_paths_of_no_known_form(path: str) -> None:
    """TTS-018: refused before anything is looked up, and the field is named."""
    assert refused(clone_audio=path).startswith("clone_audio:")
    assert refused(model="f5", f5_sample=path).startswith("f5_sample:")


@pytest.mark.parametrize(
    "path",
    [
        VOICE,
        "/uploads/generations/tts/a.wav",
        "uploads/generations/tts/a.wav",
        "/uploads/generations/tts/a.wav?exp=1&sig=x",
        "F5-TTS/thai/one.wav",
        "https://example.com/a/../b.wav?x=1",
    ],
)
def test_paths_of_each_known_form(path: str) -> None:
    """TTS-011, TTS-016."""
    assert order(clone_audio=path).reference == path


def test_a_text_without_its_clone() -> None:
    """TTS-017."""
    assert refused(clone_text="hello").startswith("clone_text:")


def test_speakers() -> None:
    """TTS-014: of the models that have some; a clone comes first."""
    assert order(speaker="Ryan").speaker == "Ryan"
    assert order(language="vi", model="qwen_viet_tts", speaker="yen_nhi").speaker == "yen_nhi"
    assert order(speaker="Ryan", clone_audio=VOICE).speaker == ""
    assert refused(language="th", speaker="Ryan").startswith("speaker:")
    assert refused(speaker="R" * 65).startswith("speaker:")


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"instruct": "Warm, clear narration"}, True),
        ({"instruct": "Warm", "clone_audio": VOICE}, False),
        ({"model": "omnivoice", "instruct": "female, British accent"}, True),
        ({"model": "omnivoice", "instruct": "女，四川话"}, True),
        ({"model": "omnivoice", "instruct": "Warm, clear narration"}, False),
        ({"model": "omnivoice", "instruct": "male, female"}, False),
        ({"model": "omnivoice", "instruct": "british accent, 四川话"}, False),
        ({"model": "omnivoice", "instruct": "female", "clone_audio": VOICE}, False),
        ({"model": "omnivoice", "clone_audio": VOICE}, True),
        ({"model": "f5", "instruct": "Warm"}, False),
        ({"instruct": "x" * 501}, False),
    ],
)
def test_styles(fields: dict[str, Any], allowed: bool) -> None:
    """GT-11, TTS-015: what a model would leave aside, or choke on, is a 400 at once."""
    if allowed:
        assert order(**fields).instruct == fields.get("instruct", "")
    else:
        assert refused(**fields).startswith("instruct:")


def test_the_vocabulary_is_omnivoices() -> None:
    """TTS-015: word for word, where the package is installed; importing all of it would take seconds."""
    package = find_spec("omnivoice")
    if package is None or package.origin is None:
        pytest.skip("omnivoice is not installed")
    design = runpy.run_path(str(Path(package.origin).parent / "utils" / "voice_design.py"))
    assert set(CATEGORY) == design["_INSTRUCT_ALL_VALID"]


TEXTS = st.text(st.characters(), max_size=250)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "language": st.sampled_from([*LANGUAGES, "", "xx"]),
        "model": st.sampled_from([*PAIRS, "", "xx"]),
        "seed": st.none() | st.integers(-(2**40), 2**40),
        "speaker": st.sampled_from(["", "Ryan"]) | TEXTS,
        "instruct": st.sampled_from(["", "female, whisper"]) | TEXTS,
        "f5_thai_variant": st.sampled_from(["", "v1", "v2", "v3"]),
        "vieneu_expression": st.sampled_from(["", "natural", "storytelling"]),
        "clone_audio": st.sampled_from(["", VOICE]) | TEXTS,
        "f5_sample": st.sampled_from(["", VOICE]),
        "clone_text": st.sampled_from(["", "hello"]),
    },
)


def outcome(text: str, fields: dict[str, Any]) -> SpeechJob | InvalidRequest:
    try:
        return resolve(SpeechFields(text, **fields), PAIRS, random_seed=RANDOM_SEED)
    except InvalidRequest as refusal:
        return refusal


@given(text=TEXTS, fields=FIELDS)
def test_any_request_is_resolved_or_refused(text: str, fields: dict[str, Any]) -> None:
    """TTS-002..016: an order keeps every rule and its text can travel; a refusal names its field."""
    found = outcome(text, fields)
    if isinstance(found, InvalidRequest):
        assert found.message.split(":")[0] in SpeechFields.__dataclass_fields__
        return
    assert 0 < len(found.text) <= LONGEST_TEXT
    assert found.text.encode("utf-8").decode() == found.text.strip()
    assert found.language in PAIRS[found.model]
    assert 0 <= found.seed <= LARGEST_SEED
    assert not (found.reference and (found.speaker or found.instruct))
    assert resolve(SpeechFields(found.text), PAIRS, random_seed=0).text == found.text
