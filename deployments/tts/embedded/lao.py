"""Reads Lao: spelling to syllables in our Thai phonemes, with the tones of Vientiane.

espeak-ng has no Lao. Since the reform of 1975 Lao writes every vowel, so that syllables can be cut by
pattern; all its sounds but /ɲ/ (here /j/) are Thai sounds too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from deployments.thai_speech.g2p import Chunk, Pause, ThaiWord
from deployments.thai_speech.phonemes import Syllable
from serve_app.core.text.thai_verbalization import parts

_INITIAL_SOUNDS = {
    "k": "ກ", "kh": "ຂຄ", "N": "ງ", "c": "ຈ", "s": "ສຊ", "j": "ຍຢ", "d": "ດ", "t": "ຕ", "th": "ຖທ", "n": "ນ",
    "b": "ບ", "p": "ປ", "ph": "ຜພ", "f": "ຝຟ", "m": "ມ", "r": "ຣ", "l": "ລ", "w": "ວ", "h": "ຫຮ", "?": "ອ",
}  # fmt: skip
_FINAL_SOUNDS = {"k": "ກຂຄ", "t": "ດຕສຈຊຖທ", "p": "ບປພຟ", "n": "ນລຣ", "m": "ມ", "N": "ງ", "j": "ຍຢ", "w": "ວ"}
_INITIAL = {letter: sound for sound, letters in _INITIAL_SOUNDS.items() for letter in letters}
_FINAL = {letter: sound for sound, letters in _FINAL_SOUNDS.items() for letter in letters}
_HIGH, _MIDDLE = frozenset("ຂສຖຜຝຫ"), frozenset("ກຈດຕບປຢອ")

_TONES = {
    "high": {"live": 4, "long": 1, "short": 3, "່": 0, "້": 1},
    "middle": {"live": 4, "long": 1, "short": 3, "່": 0, "້": 2},
    "low": {"live": 3, "long": 2, "short": 0, "່": 0, "້": 2},
}
"""Class of the first letter, then tone mark or kind of syllable, to the Thai tone of the same shape: 0 high
mid, 1 low falling, 2 high falling, 3 high rising, 4 low rising. Source: SEAsite Laos (Northern Illinois
University), tone chart of Vientiane."""
_RARE_MARKS = {"໊": 3, "໋": 4}
"""For exclamations; spoken as in Thai."""

_C = f"(?P<onset>ຫ[ງຍນມຣລວ]|[ກຂຄຕປພຟບດ]ຣ|[ກຂຄງຈສຊຖທອ]ວ|[{''.join(_INITIAL)}])"
_T = "(?P<mark>[່-໋]?)"
_F = f"(?P<coda>[{''.join(_FINAL)}])(?![ະ-ຽ່-໋])"
"""A final consonant bears neither vowel nor tone mark, or it would begin a syllable of its own."""
_SPELLINGS = (
    ("ເCັTຍ", "ia"), ("ເCTຍ", "iia"), ("CັTຽF", "ia"), ("CTຽF?", "iia"), ("ເCຶTອF?", "Ua"), ("ເCືTອF?", "UUa"),
    ("CັTວF", "ua"), ("CົTວະ", "ua"), ("CົTວ", "uua"), ("CTວF", "uua"), ("ເCົTາ", "a", "w"), ("ເCTາະ", "O"),
    ("ເCິTF?", "@"), ("ເCີTF?", "@@"), ("ເCTະ", "e"), ("ແCTະ", "x"), ("ໂCTະ", "o"), ("ເCັTF", "e"),
    ("ແCັTF", "x"), ("ເCTF?", "ee"), ("ແCTF?", "xx"), ("ໂCTF?", "oo"), ("[ໄໃ]CTຍ?", "a", "j"),
    ("CTຳ", "a", "m"), ("CTະ", "a"), ("CັTອF", "O"), ("CັTF", "a"), ("CTາF?", "aa"), ("CິTF?", "i"),
    ("CີTF?", "ii"), ("CຶTF?", "U"), ("CືTF?", "UU"), ("CຸTF?", "u"), ("CູTF?", "uu"), ("CົTF", "o"),
    ("CໍT", "OO"), ("CTອF", "OO"), ("CT", "OO"),
)  # fmt: skip
"""Spelling, vowel, and the final sound that the vowel sign brings. A letter alone (the last row) is called by
its name."""


class _Pattern(NamedTuple):
    spelled: re.Pattern[str]
    vowel: str
    glide: str


def _pattern(spelling: str, vowel: str, glide: str = "") -> _Pattern:
    letters = spelling.replace("F?", "(?:F)?").replace("C", _C).replace("T", _T).replace("F", _F)
    return _Pattern(re.compile(letters), vowel, glide)


_PATTERNS = tuple(_pattern(*row) for row in _SPELLINGS)
_SPELLED_ALIKE = (
    ("ໜ", "ຫນ"), ("ໝ", "ຫມ"), ("ຼ", "ລ"), ("([່-໋])([ັິ-ູົໍລ])", r"\2\1"), ("ໍ([່-໋]?)າ", r"\1ຳ"),
    ("[ກ-ຮ]໌", ""),
)  # fmt: skip
"""Ligatures, marks typed before the vowel they stand over, a vowel sign in two parts, silenced letters."""
_WORDS = {
    "เอ็ด": "ເອັດ", "หนึ่ง": "ຫນຶ່ງ", "ยี่สิบ": "ຊາວ", "สิบ": "ສິບ", "สอง": "ສອງ", "สาม": "ສາມ",
    "สี่": "ສີ່", "ห้า": "ຫ້າ", "หก": "ຫົກ", "เจ็ด": "ເຈັດ", "แปด": "ແປດ", "เก้า": "ເກົ້າ", "ศูนย์": "ສູນ",
    "ร้อย": "ຮ້ອຍ", "พัน": "ພັນ", "หมื่น": "ຫມື່ນ", "แสน": "ແສນ", "ล้าน": "ລ້ານ", "จุด": "ຈຸດ",
    "เปอร์เซ็นต์": "ເປີເຊັນ", "บวก": "ບວກ", "ลบ": "ລົບ", "คูณ": "ຄູນ", "หาร": "ຫານ", "เท่ากับ": "ເທົ່າກັບ",
    "เท่าไร": "ເທົ່າໃດ", "ถึง": "ເຖິງ", "ต่อ": "ຕໍ່", "ทับ": "ທັບ", "เศษ": "ເສດ", "ส่วน": "ສ່ວນ",
    "มากกว่า": "ຫຼາຍກວ່າ", "น้อยกว่า": "ໜ້ອຍກວ່າ", "ประมาณ": "ປະມານ", "หมายเลข": "ໝາຍເລກ", "และ": "ແລະ",
    "บาท": "ບາດ", "สตางค์": "ສະຕາງ", "ดอลลาร์": "ໂດລາ", "ยูโร": "ເອີໂຣ", "ปอนด์": "ປອນ", "เยน": "ເຢນ",
    "วอน": "ວອນ", "ดอง": "ດົງ", "กีบ": "ກີບ", "องศา": "ອົງສາ", "เซลเซียส": "ແຊນຊຽດ", "นาฬิกา": "ໂມງ",
    "วินาที": "ວິນາທີ", "นาที": "ນາທີ", "กิโลเมตร": "ກິໂລແມັດ", "เซนติเมตร": "ຊັງຕີແມັດ",
    "มิลลิเมตร": "ມິນລີແມັດ", "เมตร": "ແມັດ", "กิโลกรัม": "ກິໂລກຣາມ", "กรัม": "ກຣາມ", "ลิตร": "ລິດ",
    "ชั่วโมง": "ຊົ່ວໂມງ", "ตาราง": "ຕາລາງ", "มกราคม": "ມັງກອນ", "กุมภาพันธ์": "ກຸມພາ", "มีนาคม": "ມີນາ",
    "เมษายน": "ເມສາ", "พฤษภาคม": "ພຶດສະພາ", "มิถุนายน": "ມິຖຸນາ", "กรกฎาคม": "ກໍລະກົດ", "สิงหาคม": "ສິງຫາ",
    "กันยายน": "ກັນຍາ", "ตุลาคม": "ຕຸລາ", "พฤศจิกายน": "ພະຈິກ", "ธันวาคม": "ທັນວາ",
}  # fmt: skip
"""Lao counts and measures as Thai does, with a word of its own for twenty."""
_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)))
_CHUNKS = re.compile(r"(?P<lao>[ກ-ໆ່-໎]+)|(?P<pause>.)", re.S)
_REPEAT = "ໆ"


def pronounce_lao(text: str) -> list[Chunk]:
    """Lao in reading order, one word a syllable; neighbouring pauses are one. Any text has a reading: what is
    no Lao is a pause, and a sign that fits nowhere is left out."""
    text = lao_words(text)
    for written, plain in _SPELLED_ALIKE:
        text = re.sub(written, plain, text)
    chunks: list[Chunk] = []
    for match in _CHUNKS.finditer(text):
        for chunk in _chunks(str(match.lastgroup), match[0]):
            if not (isinstance(chunk, Pause) and (not chunks or isinstance(chunks[-1], Pause))):
                chunks.append(chunk)
    return chunks


def _chunks(kind: str, text: str) -> Iterator[Chunk]:
    if kind == "pause":
        yield Pause()
        return
    for syllable in _syllables(text):
        yield ThaiWord(str(syllable), (syllable,))


def lao_words(text: str) -> str:
    """Lao with its numbers and signs in words: found and read as in Thai, told in Lao."""
    return "".join(
        _WORD.sub(lambda word: _WORDS[word[0]], part.spoken) if part.read else part.spoken
        for part in parts(text)
    )


def _syllables(text: str) -> Iterator[Syllable]:
    position, last = 0, None
    while position < len(text):
        end, syllable = (position + 1, last) if text[position] == _REPEAT else _next_syllable(text, position)
        if syllable is not None:
            yield syllable
            last = syllable
        position = end


def _next_syllable(text: str, begin: int) -> tuple[int, Syllable | None]:
    """Where the syllable that begins here ends; None and one letter on where none does."""
    for spelled, vowel, glide in _PATTERNS:
        if match := spelled.match(text, begin):
            coda = glide or _FINAL.get(match.groupdict().get("coda") or "", "")
            return match.end(), _syllable(match["onset"], vowel, coda, match["mark"])
    return begin + 1, None


def _syllable(onset: str, vowel: str, coda: str, mark: str) -> Syllable:
    spoken = onset[1:] if len(onset) == 2 and onset[0] == "ຫ" else onset
    tone = _RARE_MARKS.get(mark, _TONES[_consonant_class(onset[0])].get(mark or _kind(vowel, coda), 0))
    return Syllable(tuple(_INITIAL[letter] for letter in spoken), vowel, coda, tone)


def _consonant_class(letter: str) -> str:
    return "high" if letter in _HIGH else "middle" if letter in _MIDDLE else "low"


def _kind(vowel: str, coda: str) -> str:
    long = len(vowel) > 1 and vowel not in ("ia", "Ua", "ua")
    if coda in ("m", "n", "N", "j", "w") or (long and not coda):
        return "live"
    return "long" if long else "short"
