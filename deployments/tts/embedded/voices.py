"""Who speaks in the embedded synthesizer: one formant voice for each model and speaker.

None of these vocal tracts was heard by the embedded recogniser in training
(`training.thai_speech.voices.HELD_OUT`), so that a round trip through both is a fair test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from deployments.tts.embedded.neural.voice import Manner
from serve_app.engines import SpeechRequest
from serve_app.errors import InvalidRequest

_Entry = TypeVar("_Entry")

ESPEAK = {"en": "en-us", "zh": "cmn", "vi": "vi", "th": "th", "ms": "ms", "lo": "th", "ja": "ja", "ko": "ko"}
"""ISO 639-1 -> espeak-ng's language; Lao is spoken with Thai phonemes. The embedded English recogniser hears
American speech, with half the errors of British."""
_TRACTS = {
    "f5": (180, 0.97), "linda": (225, 0.96), "Annie": (240, 0.93), "shelby": (215, 0.94),
    "Andrea": (190, 0.98), "Michael": (125, 1.15), "klatt6": (110, 1.12), "pablo": (135, 1.12),
    "gustave": (100, 1.2), "m8": (140, 1.1),
}  # fmt: skip
"""Variant of espeak-ng -> usual pitch in Hz and length of the vocal tract of its counterpart in the neural
voice; men's are longer by a sixth (Fant 1973, "Speech Sounds and Features"). Whispering has none, nor has
`v1` of f5: our recogniser of Thai was trained on formant synthesis and hears nothing else."""
_OCTAVE = 60
"""Steps of `FormantVoice.pitch` to twice the pitch."""
_SPEEDS = {"en": 1.0, "ms": 1.0, "ja": 1.0, "zh": 0.85, "th": 0.9, "lo": 0.9, "ko": 0.9}
"""Of the neural voice at `FormantVoice.rate` 150, in the languages in which it is understood better than
espeak-ng."""
_TONAL = frozenset({"th", "lo", "vi", "zh"})
_PLAIN_RANGE = 0.6
"""Pitch range where no tones have to be kept apart: the English recogniser errs less, and nobody sings."""
_RATE = (80, 700)
"""Words a minute: below, espeak-ng speaks no slower; above, nobody follows."""


@dataclass(frozen=True, slots=True)
class FormantVoice:
    """One speaker: a vocal tract and its prosody."""

    variant: str
    """espeak-ng voice variant."""
    pitch: int = 50
    """0..99, in the variant's own range."""
    rate: int = 150
    """Words a minute; Thai stays intelligible from half to twice of it."""
    pitch_range: int = 80
    """0..99. A wide range keeps tones apart."""

    def neural(self, language: str) -> Manner | None:
        """How the neural voice speaks for this one; None where it cannot."""
        if self.variant not in _TRACTS or language not in _SPEEDS:
            return None
        hertz, tract = _TRACTS[self.variant]
        return Manner(
            hertz=hertz * 2 ** ((self.pitch - 50) / _OCTAVE),
            tract=tract,
            speed=float(np.clip(self.rate / 150 * _SPEEDS[language], 0.3, 3)),
            liveliness=float(np.clip(self.pitch_range / 80, 0.3, 1.5)),
        )

    def turned(self, *, rate: float = 1.0, pitch: float = 1.0, pitch_range: float = 1.0) -> FormantVoice:
        """The same voice with its prosody multiplied, held to what espeak-ng can speak."""
        return replace(
            self,
            rate=int(np.clip(self.rate * rate, *_RATE)),
            pitch=int(np.clip(self.pitch * pitch, 0, 99)),
            pitch_range=int(np.clip(self.pitch_range * pitch_range, 0, 99)),
        )


_MALEE = FormantVoice("f5", 55)
SPEAKERS = {
    "default": _MALEE,
    "malee": _MALEE,
    "somchai": FormantVoice("m8", 40),
    "linda": FormantVoice("linda", 60),
}
"""The voices of `deployments.tts.embedded.formant.synthesize`: tests and load tests are measured with
them."""

SAMPLES = {
    "en": "Good morning, how are you today? We will read a story.",
    "zh": "早上好，你今天怎么样？我们一起读一个故事。",
    "vi": "Chào buổi sáng, hôm nay bạn thế nào? Chúng ta cùng đọc một câu chuyện.",
    "th": "สวัสดีตอนเช้า วันนี้เป็นอย่างไรบ้าง เราจะอ่านนิทานด้วยกัน",
    "ms": "Selamat pagi, apa khabar hari ini? Kita akan membaca sebuah cerita.",
    "lo": "ສະບາຍດີຕອນເຊົ້າ ມື້ນີ້ເປັນແນວໃດ ພວກເຮົາຈະອ່ານນິທານ",
    "ja": "おはようございます、きょうはおげんきですか。いっしょに ものがたりを よみましょう。",
    "ko": "안녕하세요, 오늘은 어떻게 지내세요? 함께 이야기를 읽어요.",
}
"""What a voice says to be measured, 3 to 5 s of everyday words; the keys are TTS-003."""

_F5 = {"v1": FormantVoice("iven4", 52), "v2": FormantVoice("klatt6", 62)}
"""TTS-012."""
_OMNIVOICE = FormantVoice("f5", 38)
_COSYTTS = {
    "Vivian": FormantVoice("f5", 62, 158), "Serena": FormantVoice("linda", 42, 142),
    "Uncle_Fu": FormantVoice("gustave", 30, 140), "Dylan": FormantVoice("pablo", 55, 160),
    "Eric": FormantVoice("Michael", 48, 155), "Ryan": FormantVoice("klatt6", 48, 152),
    "Aiden": FormantVoice("m8", 55, 152), "Ono_Anna": FormantVoice("Andrea", 45, 150),
    "Sohee": FormantVoice("Annie", 48, 155),
}  # fmt: skip
"""The speakers of Qwen3-TTS-12Hz CustomVoice."""
_NATIVE = {"en": "Ryan", "ja": "Ono_Anna", "ko": "Sohee"}
"""Who speaks their own language; Vivian speaks Chinese, and for everybody else."""
_VIETNAMESE = {
    "yen_nhi": FormantVoice("f5", 46), "my_van": FormantVoice("linda", 50),
    "Binh": FormantVoice("Michael", 42), "Tuyen": FormantVoice("klatt6", 45),
    "Vinh": FormantVoice("pablo", 38), "Doan": FormantVoice("Annie", 42), "Ly": FormantVoice("shelby", 60),
    "Ngoc": FormantVoice("Andrea", 38),
}  # fmt: skip
"""The two of TTS-014 and the six that the vieneu package brings."""
_MODELS: Mapping[str, Mapping[str, FormantVoice]] = {
    "f5": {},
    "omnivoice": {},
    "cosytts": _COSYTTS,
    "qwen_viet_tts": _VIETNAMESE,
    "vieneu_v2": {name: voice.turned(rate=0.95, pitch=1.12) for name, voice in _VIETNAMESE.items()},
}
"""Public model -> its built-in speakers (TTS-014); the two without any leave `speaker` aside."""
_STORYTELLING = {"rate": 0.85, "pitch_range": 1.2}
"""TTS-013: slower and livelier."""


def known(field: str, name: str, table: Mapping[str, _Entry]) -> _Entry:
    """What stands under a name. Raises InvalidRequest, which lists the names there are."""
    if name not in table:
        raise InvalidRequest(f"{field} {name[:64]!r} is not known; choose one of {', '.join(table)}.")
    return table[name]


def speakers(model: str) -> tuple[str, ...]:
    """Names of the built-in speakers of a public model; none for a name that is not public."""
    return tuple(_MODELS.get(model, ()))


def speaking(voice: FormantVoice, language: str) -> FormantVoice:
    """The voice with the pitch range that suits a language."""
    return voice if language in _TONAL else voice.turned(pitch_range=_PLAIN_RANGE)


def speaker_of(request: SpeechRequest) -> tuple[str, FormantVoice]:
    """Name and voice of the built-in speaker; the name is empty for a model that has none.

    Names are compared without case. Raises InvalidRequest for an unknown model or speaker.
    """
    speakers = known("model", request.model, _MODELS)
    if request.model == "f5":
        variant = request.f5_thai_variant if request.language == "th" else "v2"
        return "", known("f5_thai_variant", variant, _F5)
    if not speakers:
        return "", _OMNIVOICE
    named = request.speaker or _usual(request)
    folded = {name.casefold(): name for name in speakers}
    name = folded.get(named.casefold(), named)
    voice = known("speaker", name, speakers)
    storytelling = request.vieneu_expression == "storytelling" and request.model == "vieneu_v2"
    return name, voice.turned(**_STORYTELLING) if storytelling and request.language == "vi" else voice


def _usual(request: SpeechRequest) -> str:
    if request.model == "cosytts":
        return _NATIVE.get(request.language, "Vivian")
    return "yen_nhi"
