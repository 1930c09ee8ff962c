"""The embedded synthesizer: one engine for all public models."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import soxr
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from deployments.asr.embedded.english import PocketsphinxRecognizer
from deployments.asr.embedded.thai import EmbeddedRecognizer
from deployments.asr.replica import Window
from deployments.tts.embedded import voices as embedded_voices
from deployments.tts.embedded.engine import LEVEL, EmbeddedSynthesizer
from deployments.tts.embedded.voice_matching import measure
from deployments.tts.embedded.voices import SAMPLES, SPEAKERS, FormantVoice
from deployments.tts.replica import Synthesizer
from serve_app.engines import SAMPLE_RATE, Audio, Speech, SpeechRequest
from serve_app.errors import InvalidRequest
from tests.engines.reports import Reports
from tests.engines.tts.synthesizer_suite import CHECKS
from training.thai_speech.edit_distance import edit_distance
from training.thai_speech.voices import training_voices

ENGINE = EmbeddedSynthesizer()
FORMANT = EmbeddedSynthesizer(neural=False)
"""What the embedded recognisers were trained on."""
THAI = SpeechRequest("สวัสดีครับ วันนี้เราเรียนภาษาไทย", "th", "f5", 0)
ENGLISH = SpeechRequest("Good morning. How are you today?", "en", "cosytts", 0)
VIETNAMESE = SpeechRequest(SAMPLES["vi"], "vi", "vieneu_v2", 0)


def speak(request: SpeechRequest, engine: Synthesizer = ENGINE, **changes: object) -> Speech:
    return engine.synthesize(replace(request, **changes), lambda progress: None)  # type: ignore[arg-type]


def seconds(speech: Speech) -> float:
    return len(speech.samples) / speech.sample_rate


def at_16_khz(speech: Speech) -> Audio:
    return np.asarray(soxr.resample(speech.samples, speech.sample_rate, SAMPLE_RATE), np.float32)


def pitch(speech: Speech) -> float:
    return measure(at_16_khz(speech)).pitch


@pytest.mark.parametrize("engine", [ENGINE, FORMANT], ids=["neural", "formant"])
@pytest.mark.parametrize("request_", [THAI, ENGLISH], ids=["thai", "english"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_does_what_every_engine_must(
    check: Callable[[Synthesizer, SpeechRequest], None], request_: SpeechRequest, engine: Synthesizer
) -> None:
    """TTS-002, TTS-003, TTS-009, TTS-010, TTS-023, TTS-027: the checks of all engines."""
    check(engine, request_)


@pytest.mark.parametrize("language", SAMPLES)
def test_speaks_eight_languages_at_one_level(language: str) -> None:
    """TTS-003, TTS-009: omnivoice speaks them all, and the caller is told how the text was read."""
    speech = speak(THAI, model="omnivoice", language=language, text=SAMPLES[language])
    assert 2 < seconds(speech) < 7
    assert float(np.abs(speech.samples).max()) == pytest.approx(LEVEL, abs=1e-3)
    assert speech.extras["reading"]
    assert "left_out" not in speech.extras


def every_voice() -> Iterator[tuple[str, FormantVoice]]:
    yield from (("f5", voice) for voice in embedded_voices._F5.values())
    yield "omnivoice", embedded_voices._OMNIVOICE
    for speakers in embedded_voices._MODELS.values():
        yield from speakers.items()


def test_no_two_voices_are_alike() -> None:
    """TTS-012, TTS-014: of all models and speakers, and the speakers of tests and load tests."""
    voices = [voice for _, voice in every_voice()] + list({*SPEAKERS.values()})
    assert len(set(voices)) == len(voices) > 25


def test_no_voice_was_heard_in_training() -> None:
    """ASR-002: a round trip through synthesizer and recogniser is a fair test, in any style."""
    request = replace(THAI, model="omnivoice")
    styles = ("whisper", "male", "female")
    styled = {speak(request, instruct=style).extras["voice"].split()[-1] for style in styles}
    assert not ({voice.variant for _, voice in every_voice()} | styled) & set(training_voices())


def test_names_are_compared_without_case() -> None:
    """TTS-014: the answer tells the name as it is."""
    upper, lower = speak(ENGLISH, speaker="VIVIAN"), speak(ENGLISH, speaker="vivian")
    np.testing.assert_array_equal(upper.samples, lower.samples)
    assert upper.extras["speaker"] == lower.extras["speaker"] == "Vivian"
    assert speak(ENGLISH).extras["speaker"] == "Ryan"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"speaker": "nobody"}, "speaker.*Vivian.*Sohee"), ({"model": "tacotron"}, "model.*omnivoice"),
        ({"model": "f5", "language": "th", "f5_thai_variant": "v3"}, "f5_thai_variant.*v1"),
        ({"model": "qwen_viet_tts", "speaker": "Ryan"}, "yen_nhi, my_van"), ({"text": "Ω мир"}, "text"),
    ],
)  # fmt: skip
def test_what_is_unknown_is_refused(changes: dict[str, str], told: str) -> None:
    """TTS-004, TTS-012, TTS-014: with the names there are."""
    with pytest.raises(InvalidRequest, match=told):
        speak(ENGLISH, **changes)


def test_a_variant_and_an_expression_are_heard_where_they_apply() -> None:
    """TTS-012, TTS-013: a Thai f5 voice of its own; storytelling is slower."""
    assert speak(THAI, f5_thai_variant="v1").extras["voice"] != speak(THAI).extras["voice"]
    english = replace(THAI, language="en", text="Good morning")
    np.testing.assert_array_equal(speak(english, f5_thai_variant="v1").samples, speak(english).samples)
    assert seconds(speak(VIETNAMESE, vieneu_expression="storytelling")) > 1.1 * seconds(speak(VIETNAMESE))
    qwen = replace(VIETNAMESE, model="qwen_viet_tts")
    np.testing.assert_array_equal(speak(qwen, vieneu_expression="storytelling").samples, speak(qwen).samples)


def test_another_seed_is_another_take_of_the_same_voice() -> None:
    """TTS-010: of thirty takes next to none are alike, and none is far from the others."""
    takes = [speak(THAI, seed=seed) for seed in range(30)]
    assert len({take.samples.tobytes() for take in takes}) >= 25
    lengths = [seconds(take) for take in takes]
    assert max(lengths) < 1.2 * min(lengths)


def test_words_of_a_style_are_followed() -> None:
    """TTS-015: and the answer tells which; a denied word is not taken."""
    plain = speak(ENGLISH)
    slow, high, quiet = (
        speak(ENGLISH, instruct=style) for style in ("Slowly, please", "high pitch", "quiet")
    )
    assert seconds(slow) > 1.1 * seconds(plain)
    assert pitch(high) > 1.1 * pitch(plain)
    assert float(np.abs(quiet.samples).max()) < 0.6 * LEVEL
    assert slow.extras["instruct"] == "taken: slowly"
    assert speak(ENGLISH, instruct="not too fast, warm").extras["instruct"] == "taken: nothing"


def test_speed_is_followed() -> None:
    """TTS-001: from slow to a flurry."""
    lengths = [seconds(speak(ENGLISH, speed=speed)) for speed in (0.25, 1.0, 2.0, 4.0)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[3] < 0.5 * lengths[1]


def test_letters_nobody_reads_are_left_out_and_named() -> None:
    """TTS-025: instead of spelling them by their Unicode names."""
    assert speak(ENGLISH, text="Hello мир").extras["left_out"] == "мир"


def test_vietnamese_tones_have_their_contours() -> None:
    """TTS-003: level, rising and falling, by the pitch at the end of a syllable against that at its begin."""

    def turn(syllable: str) -> float:
        audio = at_16_khz(speak(VIETNAMESE, FORMANT, text=syllable, speed=0.55))
        track = [measure(half).pitch for half in np.array_split(np.trim_zeros(audio), 2)]
        return track[1] / track[0]

    assert turn("má") > 1.1
    assert 0.95 < turn("ma") < 1.05
    assert turn("mạ") < 0.95


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("engine", [ENGINE, FORMANT], ids=["neural", "formant"])
@given(text=st.text(max_size=200), language=st.sampled_from(list(SAMPLES)))
@example("a" + "\u0301" * 199, "vi")
@example("\u202eمرحبا\u202c hello \u200f", "en")
@example("👩‍👩‍👧‍👦" * 20 + "ok", "th")
@example("ป" * 200, "th")
@example("ກ" * 200, "lo")
@example("\x00\x1b[[a]]", "en")
@example("9" * 200, "ja")
@example("ﷺ" * 200, "ko")
def test_any_text_is_spoken_or_refused(engine: Synthesizer, text: str, language: str) -> None:
    """TTS-002: no text crashes or hangs a voice, and every sound is finite."""
    try:
        samples = speak(THAI, engine, model="omnivoice", language=language, text=text).samples
    except InvalidRequest:
        return
    assert np.isfinite(samples).all()
    assert float(np.abs(samples).max()) == pytest.approx(LEVEL, abs=1e-3)


SENTENCES = ("สวัสดีครับนักเรียนทุกคน", "วันนี้เราเรียนภาษาไทย", "ขอบคุณที่ช่วยเหลือเรา")


@pytest.mark.parametrize(("model", "variant"), [("f5", "v1"), ("f5", "v2"), ("omnivoice", "v2")])
def test_thai_is_recognised(model: str, variant: str) -> None:
    """ASR-002: at most a tenth of the characters is wrong, in voices the recogniser never heard."""
    asked = [replace(THAI, model=model, f5_thai_variant=variant, text=text) for text in SENTENCES]
    heard = EmbeddedRecognizer().recognize(
        [Window(at_16_khz(speak(request, FORMANT)), True) for request in asked]
    )
    texts = ["".join(word.text for word in transcription.words) for transcription in heard]
    wrong = sum(edit_distance(text, found) for text, found in zip(SENTENCES, texts, strict=True))
    assert wrong / len("".join(SENTENCES)) <= 0.1


def test_english_is_recognised() -> None:
    """ASR-002: two words of three, by a recogniser that errs about as much on other speech."""
    said = "they want to build a new school here"
    engine = PocketsphinxRecognizer()
    (heard,) = engine.recognize([Window(at_16_khz(speak(ENGLISH, FORMANT, text=said)), True)])
    engine.close()
    assert len({word.text.lower() for word in heard.words} & set(said.split())) >= 5


def test_reports_and_tells_who_speaks() -> None:
    """TTS-023, TTS-025: a step for each sentence."""
    reports = Reports()
    speech = ENGINE.synthesize(ENGLISH, reports)
    assert [(progress.step, progress.steps) for progress in reports.seen] == [(0, 2), (1, 2), (2, 2)]
    assert speech.extras == {"voice": "hibari as klatt6", "speaker": "Ryan", "reading": "hibari's own"}
    assert str(speak(VIETNAMESE).extras["voice"]).startswith("espeak-ng ")


def test_the_card_is_honest() -> None:
    """ASR-002: the stand-in says that it is one."""
    assert ENGINE.card.embedded
    assert "development" in ENGINE.card.note
