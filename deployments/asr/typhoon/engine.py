"""Thai speech recognition with Typhoon ASR (FastConformer transducer, arXiv 2601.13044) on transformers.

The published `.nemo` archive is converted once: `python -m deployments.asr.nemo.convert_typhoon`. NeMo is not
needed. Captions come from windows that are decoded again as they grow, so a model sees the full context it
was trained with. Cache-aware checkpoints (arXiv 2312.17279) decode the same windows, whole and with the
furthest look-ahead they were trained with; their per-stream caches stay unused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from transformers import AutoProcessor

from deployments.asr.pieces import INAUDIBLE
from deployments.asr.replica import Window, faint_noise
from deployments.asr.typhoon.model import load_model
from deployments.asr.typhoon.thai_words import FRAME_SECONDS, Token, spoken, words_of
from deployments.asr.typhoon.transducer import greedy
from serve_app.engines import SAMPLE_RATE, Audio, EngineCard, Transcription
from serve_app.errors import DecodeFailed, InvalidRequest

SHORTEST = int(FRAME_SECONDS * SAMPLE_RATE)
"""Samples of one encoder frame; features of less cannot be normalised."""
PADDED_SECONDS = 120.0
"""Audio in one encoder call, padding included: sixteen windows of 7.5 s. Fifteen short windows padded to a
file of one minute would take 1 GB for each activation of the first convolution in float16."""


class TyphoonRecognizer:
    """Stateless and deterministic; one encoder call decodes windows of many streams."""

    def __init__(self, checkpoint: str, device: str = "auto", dtype: str = "auto") -> None:
        """`checkpoint` is a folder that `convert_typhoon` wrote; nothing is downloaded.

        `auto` is CUDA with float16 where there is a GPU, else the CPU with float32. Raises EngineConfigError
        for a folder that does not hold the whole model, for a device that is not there and an unknown dtype.
        """
        self._model = load_model(checkpoint, device, dtype)
        self._processor = AutoProcessor.from_pretrained(checkpoint, local_files_only=True)
        ids = range(self._model.config.vocab_size)
        self._texts = [spoken(piece) for piece in self._processor.tokenizer.convert_ids_to_tokens(ids)]
        self.card = EngineCard(
            engine="typhoon",
            impl=self._model.config.impl,
            embedded=False,
            languages=("th",),
            note="Writes numbers as words and no punctuation.",
            device=str(self._model.device),
        )
        # The first segmentation reads the dictionary, for up to 2 s.
        words_of([Token(0, 0, 0.0)], ["ไทย"], FRAME_SECONDS)

    def recognize(self, windows: Sequence[Window]) -> list[Transcription]:
        """Words of each window of up to 60 s; none for silence.

        Raises InvalidRequest for a language other than Thai, DecodeFailed when the numbers overflow.
        """
        if any(window.hints.language not in (None, "th") for window in windows):
            raise InvalidRequest("This engine understands Thai only.")
        heard = [Transcription(())] * len(windows)
        for group in _groups([window.audio for window in windows]):
            audio = [windows[index].audio for index in group]
            for index, samples, tokens in zip(group, audio, self._decode(audio), strict=True):
                heard[index] = self._transcription(tokens, len(samples) / SAMPLE_RATE)
        return heard

    example = staticmethod(faint_noise)

    def _decode(self, audio: Sequence[Audio]) -> list[list[Token]]:
        inputs = self._processor(list(audio), sampling_rate=SAMPLE_RATE)
        with torch.inference_mode():
            encoded = self._model.get_audio_features(**inputs.to(self._model.device, self._model.dtype))
            return greedy(self._model, encoded.pooler_output, encoded.attention_mask.sum(-1))

    def _transcription(self, tokens: Sequence[Token], duration: float) -> Transcription:
        logprob = sum(token.logprob for token in tokens) / max(1, len(tokens))
        if not np.isfinite(logprob):
            raise DecodeFailed
        ids = tuple(token.id for token in tokens)
        return Transcription(words_of(tokens, self._texts, duration), tokens=ids, avg_logprob=logprob)


def _groups(audio: Sequence[Audio]) -> Iterator[list[int]]:
    """Indices of audible windows in batches of bounded size, windows of like length together."""
    audible = [index for index, samples in enumerate(audio) if _audible(samples)]
    group: list[int] = []
    for index in sorted(audible, key=lambda index: -len(audio[index])):
        if group and (len(group) + 1) * len(audio[group[0]]) > PADDED_SECONDS * SAMPLE_RATE:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _audible(samples: Audio) -> bool:
    return len(samples) >= SHORTEST and float(np.abs(samples).max()) >= INAUDIBLE
