"""The embedded aligner on synthesised Thai: what it hears of a reading that is not as it should be."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import soxr

from deployments.align.embedded.calibration import calibration
from deployments.align.embedded.engine import EmbeddedAligner
from deployments.align.embedded.pitch_contour import POINTS, Rhyme, contours
from deployments.align.embedded.pronunciations import readings
from deployments.align.replica import Found, Passage
from deployments.serving.loader import load_engine
from deployments.thai_speech import espeak
from deployments.thai_speech.g2p import ThaiWord, pronounce_text
from deployments.thai_speech.phonemes import Pronunciation, mnemonics, parse
from serve_app.engines import SAMPLE_RATE, AlignedSyllable, AlignedWord, Audio, SpokenSyllable

WORDS = ("สวัสดี", "ครับ", "วันนี้", "เรา", "จะ", "เรียน", "ภาษาไทย")
VOICES = ("th+f5", "th+m8")
"""The acoustic model never heard them."""


def pronounced(word: str) -> Pronunciation:
    return tuple(s for c in pronounce_text(word) if isinstance(c, ThaiWord) for s in c.pronunciation)


@cache
def spoken(voice: str, *words: Pronunciation) -> Audio:
    """Words said one after the other, at 16 kHz."""
    said = espeak.speak_phonemes(" ".join(map(mnemonics, words)), espeak.Voice(voice))
    return np.asarray(soxr.resample(said.samples, said.sample_rate, SAMPLE_RATE), np.float32)


def misread(voice: str, place: int, *instead: Pronunciation) -> Audio:
    """WORDS with one of them replaced."""
    words = [pronounced(word) for word in WORDS]
    return spoken(voice, *words[:place], *instead, *words[place + 1 :])


@pytest.fixture(scope="module")
def aligner() -> EmbeddedAligner:
    engine = load_engine("deployments.align.embedded.engine:EmbeddedAligner")
    assert isinstance(engine, EmbeddedAligner)
    return engine


def found(aligner: EmbeddedAligner, audio: Audio, words: tuple[str, ...] = WORDS) -> list[AlignedWord]:
    return [word for word in aligner.align(Passage(audio, words)) if word is not None]


def confidences(aligner: EmbeddedAligner, audio: Audio) -> list[float]:
    return [word.confidence for word in found(aligner, audio)]


@pytest.mark.parametrize("voice", VOICES)
def test_a_good_reading_is_confident_and_in_order(aligner: EmbeddedAligner, voice: str) -> None:
    """RS-032, RS-059: every word was said; words neither overlap nor leave the audio."""
    audio = misread(voice, 0, pronounced(WORDS[0]))
    words = found(aligner, audio)
    assert len(words) == len(WORDS)
    assert np.mean([word.confidence for word in words]) > 0.9
    assert all(word.confidence > 0.5 for word in words)
    edges = [edge for word in words for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert edges[0] >= 0
    assert edges[-1] <= len(audio) / SAMPLE_RATE


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("instead", ["rian1", "rian3"])
def test_a_wrong_tone_is_heard(aligner: EmbeddedAligner, voice: str, instead: str) -> None:
    """RS-032: a word with every sound right and its tone wrong is less sure than every other."""
    heard = confidences(aligner, misread(voice, 5, parse(instead)))
    right = confidences(aligner, misread(voice, 5, parse("rian0")))
    assert min(range(len(heard)), key=heard.__getitem__) == 5
    assert heard[5] < right[5]


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize(
    ("place", "instead"),
    [
        pytest.param(5, (), id="left out"),
        pytest.param(5, (parse("kin0"),), id="another word"),
        pytest.param(5, (parse("sian0"),), id="another consonant"),
        pytest.param(1, (parse("khra3"),), id="no final consonant"),
    ],
)
def test_a_mistake_is_heard_and_only_where_it_is(
    aligner: EmbeddedAligner, voice: str, place: int, instead: tuple[Pronunciation, ...]
) -> None:
    """RS-032, RS-053, RS-058: the word in question is less sure than every other, and too weak to pass."""
    heard = confidences(aligner, misread(voice, place, *instead))
    assert min(range(len(heard)), key=heard.__getitem__) == place
    assert heard[place] < 0.5
    assert np.median(heard) > 0.9


def syllable(aligner: EmbeddedAligner, audio: Audio, place: int, number: int = 0) -> AlignedSyllable:
    return found(aligner, audio)[place].syllables[number]


def heard(one: AlignedSyllable) -> SpokenSyllable:
    assert one.heard is not None
    return one.heard


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize(
    ("place", "instead", "sounds"),
    [
        pytest.param(5, "rian0", ("r", "iə", "n"), id="as it should be"),
        pytest.param(5, "sian0", ("s", "iə", "n"), id="another consonant"),
        pytest.param(5, "lian0", ("l", "iə", "n"), id="l for r"),
        pytest.param(5, "ria0", ("r", "iə", None), id="no final consonant"),
        pytest.param(1, "khra3", ("kʰ", "r", "a", None), id="no final stop"),
        pytest.param(1, "khap3", ("kʰ", None, "a", "p̚"), id="no second consonant"),
        pytest.param(5, "ruun0", ("r", "uː", "n"), id="another vowel"),
    ],
)
def test_the_sounds_that_were_said_are_named(
    aligner: EmbeddedAligner, voice: str, place: int, instead: str, sounds: tuple[str | None, ...]
) -> None:
    """RS-092: sound for sound what was heard; what was left out is nothing."""
    one = syllable(aligner, misread(voice, place, parse(instead)), place)
    assert heard(one).sounds == sounds
    assert len(one.expected.sounds) == len(sounds)


@pytest.mark.parametrize(
    ("voice", "instead", "tone"),
    [
        *((voice, "rian0", "mid") for voice in VOICES),
        *((voice, "rian1", "low") for voice in VOICES),
        *((voice, "rian3", "high") for voice in VOICES),
        ("th+m8", "rian2", "falling"),
        ("th+m8", "rian4", "rising"),
    ],
)
def test_the_tone_that_was_said_is_named(
    aligner: EmbeddedAligner, voice: str, instead: str, tone: str
) -> None:
    """RS-092: beside the tone of the text."""
    one = syllable(aligner, misread(voice, 5, parse(instead)), 5)
    assert (one.expected.tone, heard(one).tone) == ("mid", tone)
    assert heard(one).sounds == one.expected.sounds


def test_syllables_divide_their_word(aligner: EmbeddedAligner) -> None:
    """RS-092: from its start to its end in order; a word that was left out has none that were heard."""
    for word in found(aligner, misread("th+f5", 0, pronounced(WORDS[0]))):
        edges = [edge for one in word.syllables for edge in (one.start, one.end)]
        assert edges == sorted(edges)
        assert (edges[0], edges[-1]) == (word.start, word.end)
    assert [len(word.syllables) for word in found(aligner, np.zeros(SAMPLE_RATE, np.float32))][:2] == [3, 1]
    missing = syllable(aligner, misread("th+f5", 5), 5)
    assert (missing.heard, missing.expected.sounds) == (None, ("r", "iə", "n"))


def test_a_whisper_has_no_tone() -> None:
    """RS-092: it is not said which tone was heard where none could be."""
    whispered = np.full((2, POINTS), np.nan)
    assert calibration().tones.heard(whispered, np.array([0, 3])) == [None, None]


def test_times_are_those_of_the_words(aligner: EmbeddedAligner) -> None:
    """RS-059: silence and other speech before the reading move the times by as much."""
    plain = misread("th+f5", 0, pronounced(WORDS[0]))
    other = spoken("th+m8", pronounced("กิน"), pronounced("ข้าว"))
    later = np.concatenate([other, np.zeros(8000, np.float32), plain, np.zeros(8000, np.float32)])
    shift = (len(other) + 8000) / SAMPLE_RATE
    for word, moved in zip(found(aligner, plain), found(aligner, later), strict=True):
        assert moved.start - shift == pytest.approx(word.start, abs=0.12)


def test_a_text_that_was_not_read_has_no_confidence(aligner: EmbeddedAligner) -> None:
    """RS-082, RS-039: another sentence, noise, silence and nothing at all: low confidence, no failure."""
    noise = np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32)
    other = spoken("th+f5", *map(pronounced, ("แมว", "กิน", "ปลา", "ใน", "บ้าน")))
    for audio in (other, noise, np.zeros(SAMPLE_RATE, np.float32), np.zeros(0, np.float32)):
        heard = confidences(aligner, audio)
        assert len(heard) == len(WORDS)
        assert np.mean(heard) < 0.2


def test_words_without_a_thai_reading_are_left_open(aligner: EmbeddedAligner) -> None:
    """RS-059: nothing is said about foreign words and signs; digits and the repetition mark are read."""
    words = ("hello", "สวัสดี", "!", "12", "ๆ")
    answer: Found = aligner.align(Passage(misread("th+f5", 0, pronounced(WORDS[0])), words))
    assert [word is not None for word in answer] == [False, True, False, True, True]
    assert aligner.align(Passage(np.zeros(SAMPLE_RATE, np.float32), ("hello", ""))) == (None, None)
    twelve, again = readings(["12", "ๆ"])
    assert twelve == again


def test_the_same_request_has_the_same_answer(aligner: EmbeddedAligner) -> None:
    """RS-025: nothing is left over from one recording to the next."""
    first = Passage(misread("th+f5", 0, pronounced(WORDS[0])), WORDS)
    answer = aligner.align(first)
    aligner.align(Passage(spoken("th+m8", pronounced("กิน")), ("กิน",)))
    assert aligner.align(first) == answer


def test_a_long_recording_is_aligned_as_a_short_one(aligner: EmbeddedAligner) -> None:
    """RS-012: words beyond the first window are where they are in a recording of their own."""
    short = misread("th+f5", 0, pronounced(WORDS[0]))
    silence = np.zeros(40 * SAMPLE_RATE, np.float32)
    late = found(aligner, np.concatenate([silence, short]))
    for word, moved in zip(found(aligner, short), late, strict=True):
        assert moved.start - 40 == pytest.approx(word.start, abs=0.12)
        assert moved.confidence == pytest.approx(word.confidence, abs=0.3)


@pytest.mark.parametrize(("base", "rise"), [(110.0, 0.0), (110.0, 4.0), (220.0, -4.0)])
def test_contours_follow_the_pitch(base: float, rise: float) -> None:
    """RS-032: semitones along a buzz that glides; silence has none."""
    seconds = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    semitones = rise * seconds / 0.5
    phase = 2 * np.pi * np.cumsum(base * 2 ** (semitones / 12)) / SAMPLE_RATE
    buzz = sum(np.sin(n * phase) / n for n in range(1, 11)).astype(np.float32) * 0.1
    audio = np.concatenate([buzz, np.zeros(SAMPLE_RATE // 2, np.float32)])
    voiced, silent = contours(audio, [Rhyme(5, 45), Rhyme(60, 95)])
    expected = 12 * np.log2(base / 60) + rise * np.linspace(0.12, 0.93, POINTS)
    assert voiced == pytest.approx(expected, abs=0.4)
    assert np.isnan(silent).all()


def test_without_a_voice_no_tone_is_judged() -> None:
    """RS-032: whispered syllables are judged by their sounds alone."""
    tones = calibration().tones
    whispered = np.full((2, POINTS), np.nan)
    assert tones.goodness(whispered, np.array([0, 3])).tolist() == [0.0, 0.0]
    one_voiced = np.vstack([np.full(POINTS, 10.0), whispered[0]])
    assert tones.goodness(one_voiced, np.array([0, 3]))[1] == 0.0
