"""espeak-ng in process, through ctypes.

espeak-ng is GPL-3.0+, so it is an optional extra that is found at run time and never part of this package.
The library keeps global state and crashes when two threads enter it (espeak-ng issues 68, 495 and 1527): one
lock guards it, which is enough at a thousand times real time.
"""

from __future__ import annotations

import _ctypes
import ctypes
import os
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serve_app.errors import EngineNotInstalled

_SYNCHRONOUS, _PHONEME_EVENTS, _DONT_EXIT = 2, 1, 0x8000
_UTF8, _PHONEME_INPUT = 1, 0x100
_RATE, _VOLUME, _PITCH, _RANGE, _WORD_GAP = 1, 2, 3, 4, 7
_LIST_TERMINATED, _PHONEME = 0, 7

LONGEST_MNEMONICS = 300
"""Characters of one call: espeak-ng cuts a clause at about 800 and then reads the rest as plain text."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How espeak-ng speaks: language plus variant, for example `th+f2`, and prosody."""

    name: str
    rate: int = 150
    """Words a minute, espeak-ng's measure: 80..450."""
    pitch: int = 50
    """0..99."""
    pitch_range: int = 80
    """0..99. A wide range keeps the Thai tones apart."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One phoneme that espeak-ng spoke."""

    mnemonic: str
    """Empty or starting with `_` for silence."""
    start: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """The audio of one call."""

    samples: NDArray[np.float32]
    sample_rate: int
    phones: tuple[Phone, ...]


class _Identity(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint), ("text_position", ctypes.c_int),
        ("length", ctypes.c_int), ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Identity),
    )  # fmt: skip


_Samples, _Events = ctypes.POINTER(ctypes.c_short), ctypes.POINTER(_Event)
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, _Samples, ctypes.c_int, _Events)


class _Library:
    """The shared library, loaded afresh for one call, and what its callback collects.

    Phases and noise generators live in its static variables, so that only a fresh load gives the same audio
    for the same request (TTS-010). It costs about 4 ms.
    """

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise EngineNotInstalled("espeak-ng is missing; install kaleido-serve[embedded].") from error
        self._lib: Any = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        # espeak-ng's own variable, for a data folder with more voices.
        data_path = os.environ.get("ESPEAK_DATA_PATH", str(espeakng_loader.get_data_path())).encode()
        options = _DONT_EXIT | _PHONEME_EVENTS
        self._sample_rate = int(self._lib.espeak_Initialize(_SYNCHRONOUS, 0, data_path, options))
        if self._sample_rate <= 0:
            raise EngineNotInstalled("espeak-ng cannot read its data; reinstall kaleido-serve[embedded].")
        self._lib.espeak_ng_SetRandSeed(ctypes.c_long(1))  # it has seeded itself from the clock
        ctypes.CDLL(None).srand(1)  # and draws its noise from the C library
        self._blocks: list[NDArray[np.int16]] = []
        self._phones: list[Phone] = []
        self._callback = _Callback(self._collect)  # ctypes keeps no reference of its own
        self._lib.espeak_SetSynthCallback(self._callback)

    def __enter__(self) -> _Library:
        return self

    def __exit__(self, *exception: object) -> None:
        self._lib.espeak_Terminate()
        _ctypes.dlclose(self._lib._handle)

    def _collect(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._blocks.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        index = 0
        while events[index].type != _LIST_TERMINATED:
            if events[index].type == _PHONEME:
                mnemonic = bytes(events[index].id.string).split(b"\0")[0].decode("utf-8", "replace")
                self._phones.append(Phone(mnemonic, events[index].audio_position / 1000))
            index += 1
        return 0

    def speak(self, text: str, voice: Voice, mode: int) -> Spoken:
        self._select(voice)
        encoded = text.replace("\0", " ").encode("utf-8", "replace") + b"\0"
        self._lib.espeak_Synth(encoded, ctypes.c_size_t(len(encoded)), 0, 0, 0, mode, None, None)
        self._lib.espeak_Synchronize()
        samples = np.concatenate([np.zeros(0, np.int16), *self._blocks]).astype(np.float32)
        return Spoken(samples / np.float32(32768), self._sample_rate, tuple(self._phones))

    def _select(self, voice: Voice) -> None:
        if self._lib.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice.name!r}")
        prosody = {
            _RATE: voice.rate,
            _VOLUME: 100,
            _PITCH: voice.pitch,
            _RANGE: voice.pitch_range,
            _WORD_GAP: 0,
        }
        for parameter, value in prosody.items():
            self._lib.espeak_SetParameter(parameter, value, 0)


_LOCK = threading.Lock()


def speak(text: str, voice: Voice) -> Spoken:
    """Read a text aloud; the same call gives the same audio.

    Raises EngineNotInstalled when the extra `embedded` is missing and ValueError for an unknown voice.
    """
    with _LOCK, _Library() as library:
        return library.speak(text, voice, _UTF8)


def speak_phonemes(mnemonics: str, voice: Voice) -> Spoken:
    """Speak phoneme mnemonics, at most `LONGEST_MNEMONICS` characters; otherwise like `speak`.

    A word of more than 200 phonemes crashes the library: callers cut words.
    """
    with _LOCK, _Library() as library:
        return library.speak(f"[[{mnemonics}]]", voice, _UTF8 | _PHONEME_INPUT)
