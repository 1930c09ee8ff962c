"""Lao spelling to syllables."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.asr.embedded.thai import EmbeddedRecognizer
from deployments.asr.replica import Window
from deployments.thai_speech.g2p import ThaiWord
from deployments.tts.embedded import formant
from deployments.tts.embedded.lao import pronounce_lao
from serve_app.engines import SAMPLE_RATE


def read(text: str) -> str:
    """Syllables in tltk's notation, `_` for a pause."""
    chunks = pronounce_lao(text)
    return " ".join(str(c.pronunciation[0]) if isinstance(c, ThaiWord) else "_" for c in chunks)


@pytest.mark.parametrize(
    ("text", "syllables"),
    [
        ("ສະບາຍດີ", "sa3 baaj4 dii4"),
        ("ຂອບໃຈຫຼາຍໆ", "khOOp1 caj4 laaj4 laaj4"),
        ("ພາສາລາວ", "phaa3 saa4 laaw3"),
        ("ວຽງຈັນ", "wiiaN3 can4"),
        ("ເຈົ້າຊື່ຫຍັງ", "caw2 sUU0 jaN4"),
        ("ມື້ນີ້", "mUU2 nii2"),
        ("ແຂວງຫຼວງພະບາງ", "khwxxN4 luuaN4 pha0 baaN4"),
        ("ຄວາມສຸກ", "khwaam3 suk3"),
        ("ເສລີ ເວລາ", "see4 lii3 _ wee3 laa3"),
        ("ເດືອນ", "dUUan4"),
        ("ດ້ວຍ ເກາະ ໂຕະ ແລະ", "duuaj2 _ kO3 _ to3 _ lx0"),
        ("ບໍ່ ເອົາ ໄປ ຄຳ", "bOO0 _ ?aw4 _ paj4 _ kham3"),
        ("ຄອມພິວເຕີ", "khOOm3 phiw3 t@@4"),
        ("21", "saaw3 ?et3"),
        ("໕%", "haa1 p@@4 sen3"),
        ("-5", "lop0 haa1"),
    ],
)
def test_reads_everyday_words(text: str, syllables: str) -> None:
    """TTS-003: cut into syllables, with the tones of Vientiane (SEAsite's chart)."""
    assert read(text) == syllables


@pytest.mark.parametrize("alike", [("ນ້ຳ", "ນໍ້າ"), ("ໜັງສື", "ຫນັງສື"), ("ຫຼາຍ", "ຫລາຍ"), ("ນີ້", "ນ້ີ")])
def test_spellings_of_one_word_sound_alike(alike: tuple[str, str]) -> None:
    """TTS-003: ligatures, split vowels and the order of marks make no difference."""
    assert read(alike[0]) == read(alike[1]) != ""


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(min_codepoint=0x0E80, max_codepoint=0x0EFF), max_size=60))
def test_any_string_of_lao_has_a_reading(text: str) -> None:
    """TTS-002: at most one syllable a sign, and never an error."""
    assert len(pronounce_lao(text)) <= 2 * len(text) + 8


def test_words_shared_with_thai_are_heard_as_such() -> None:
    """TTS-003: the Thai recogniser hears Lao greetings as their Thai cognates, tones and all."""
    speech = formant.synthesize("ສະບາຍດີ", language="lo")
    audio = np.asarray(soxr.resample(speech.samples, speech.sample_rate, SAMPLE_RATE), np.float32)
    (heard,) = EmbeddedRecognizer().recognize([Window(audio, True)])
    assert "".join(word.text for word in heard.words) == "สบายดี"
