"""What Whisper understands of the embedded voices: a listener that was trained on people and on none of them.

Sentences are in `sentences/`: voices are improved on the development lists, and figures are taken from the
check lists, which nothing is tuned on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel

from loadtests import report
from loadtests.intervals import ratio_interval
from loadtests.transcripts import character_errors
from serve_app.engines import Audio

LISTS = Path(__file__).parent / "sentences"
VOICES = (
    ("en", "f5", ""), ("en", "cosytts", ""), ("th", "f5", ""), ("th", "omnivoice", ""),
    ("vi", "vieneu_v2", ""), ("zh", "cosytts", ""), ("ja", "cosytts", ""), ("ko", "cosytts", ""),
    ("ms", "omnivoice", ""), ("lo", "omnivoice", ""),
)  # fmt: skip
"""Language, model, speaker: who speaks when nobody is asked for."""
_THAI_FOR_LAO = 0x80
"""Whisper hears Lao as Thai, whose letters are so far below their Lao counterparts in Unicode."""
_SIMPLIFIED = str.maketrans(
    "業東兩個為麼樂習書買們會傘體來動關興寫幾辦醫廚雙發號嗎聽園圖場媽學應開彈張總戶掃換時樹歡氣溼"
    "濕熱愛爺畫鋼鑰錢銀問間難靜題風飛飯館魚鮮鳥雞電離種窩紅紙經結給綠蘋藍認讓記講訴詞話該說請課誰"
    "謝過運還這遠遲車輛邊從裡裏著點讀語師帶準顏頂貓對實現見條筆紀練後麵麪燈樓飲麗",
    "业东两个为么乐习书买们会伞体来动关兴写几办医厨双发号吗听园图场妈学应开弹张总户扫换时树欢气湿"
    "湿热爱爷画钢钥钱银问间难静题风飞饭馆鱼鲜鸟鸡电离种窝红纸经结给绿苹蓝认让记讲诉词话该说请课谁"
    "谢过运还这远迟车辆边从里里着点读语师带准颜顶猫对实现见条笔纪练后面面灯楼饮丽",
)
"""Whisper writes Chinese in either script: the characters of our lists that differ."""

Speak = Callable[[str, str, str, str], Audio]
"""Model, speaker, language and text to 16 kHz."""
HEAD = ("language", "model", "speaker", "sentences", "CER %", "95 %", "pinyin %")


def rows(model: str, sentences: str, count: int, speak: Speak) -> Iterator[tuple[report.Cell, ...]]:
    """One for each of `VOICES`. `model` is a Whisper folder or a name that faster-whisper knows."""
    listener = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=1)
    for language, name, speaker in VOICES:
        texts = (LISTS / sentences / f"{language}.txt").read_text("utf-8").split("\n")[:count]
        said = [text for text in texts if text]
        heard = [_heard(listener, speak(name, speaker, language, text), language) for text in said]
        errors = [_errors(*pair, language) for pair in zip(said, heard, strict=True)]
        low, high = interval(errors)
        pinyin = (
            [_errors(*pair, "pinyin") for pair in zip(said, heard, strict=True)] if language == "zh" else []
        )
        yield (
            language, name, speaker, len(said), _rate(errors), f"{low:.1f}-{high:.1f}",
            _rate(pinyin) if pinyin else None,
        )  # fmt: skip


def _heard(listener: WhisperModel, audio: Audio, language: str) -> str:
    """Whisper's text. It draws at random where it doubts itself, from the same seed each time."""
    ctranslate2.set_random_seed(1)
    segments, _ = listener.transcribe(
        audio.astype(np.float32),
        language="th" if language == "lo" else language,
        beam_size=5,
        without_timestamps=True,
        condition_on_previous_text=False,
    )
    return "".join(segment.text for segment in segments)


def _errors(said: str, heard: str, language: str) -> tuple[float, int]:
    """Edits, and characters of what was said, both as `comparable` has them."""
    return character_errors(comparable(said, language), comparable(heard, language))


def comparable(text: str, language: str) -> str:
    """A text as it sounds where spellings are many: Japanese in kana, Chinese in simplified characters, or in
    pinyin without tones (`pinyin`), Lao in the Thai letters beside its own."""
    folded = unicodedata.normalize("NFKC", text) if language in ("ja", "zh", "ko", "pinyin") else text
    return _FOLDINGS.get(language, str)(folded)


def _kana(text: str) -> str:
    from deployments.tts.embedded.japanese import kana

    return kana(text)


def _pinyin(text: str) -> str:
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(text))


def _thai(text: str) -> str:
    return "".join(
        chr(ord(letter) - _THAI_FOR_LAO) if "\u0e80" <= letter <= "\u0eff" else letter for letter in text
    )


_FOLDINGS: dict[str, Callable[[str], str]] = {
    "ja": _kana,
    "zh": lambda text: text.translate(_SIMPLIFIED),
    "pinyin": _pinyin,
    "lo": _thai,
}


def interval(errors: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """95 % bootstrap interval of the error rate in percent; sentences, edits by characters, are drawn."""
    low, high = ratio_interval(errors)
    return 100 * low, 100 * high


def _rate(errors: Sequence[tuple[float, int]]) -> float:
    edits, characters = map(sum, zip(*errors, strict=True))
    return 100 * edits / characters
