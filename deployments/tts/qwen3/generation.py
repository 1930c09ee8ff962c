"""One speech of a Qwen3-TTS voice: frame by frame, until it ends or has become too long."""

from __future__ import annotations

import math
import unicodedata

import numpy as np
import torch
from torch import nn

from deployments.serving.tracked_call import Report
from deployments.tts.qwen3.voices import Voice
from serve_app.engines import Progress, Speech
from serve_app.errors import SynthesisFailed

LETTER_S = 0.25
SYLLABLE_S = 0.5
"""The longest a letter may take, and a character or digit that is a syllable or a word of its own: as slow as
spelling it out, at least twice its time in plain speech."""
PAUSES_S = 3.0
"""And what a style may ask for on top, however short the text is."""
TRIES = 2
"""About one speech in 200 misses its end and goes on as noise, for eleven minutes if nobody stops
it: so users of the published checkpoints measured."""


def speak(voice: Voice, text: str, language: str, seed: int, report: Report) -> Speech:
    """Before each frame `report` hears how many there are; the Cancelled that it raises ends everything.

    A second try goes on with the random numbers of the seed, and is as deterministic as the first. Raises
    SynthesisFailed when that has no end either.
    """
    frames, limit = _Frames(report), _most_frames(voice, text)
    torch.manual_seed(seed)
    with voice.model.model.talker.register_forward_pre_hook(frames):
        for _ in range(TRIES):
            before = frames.begun
            (samples,), rate = voice.speak(text=text, language=language, max_new_tokens=limit)
            if frames.begun - before < limit:
                return Speech(np.asarray(samples, np.float32), rate, voice.extras)
    raise SynthesisFailed("The speech did not come to an end; try another seed.")


def _most_frames(voice: Voice, text: str) -> int:
    seconds = PAUSES_S + sum(
        SYLLABLE_S if character.isdigit() or unicodedata.east_asian_width(character) == "W" else LETTER_S
        for character in text
    )
    codec = voice.model.model.speech_tokenizer
    return math.ceil(seconds * codec.get_output_sample_rate() / codec.get_decode_upsample_rate())


class _Frames:
    """Called by torch before each pass of the talker, which is one for each frame."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.begun = 0

    def __call__(self, talker: nn.Module, inputs: object) -> None:
        self._report(Progress("synthesis", self.begun))
        self.begun += 1
