"""Forced alignment with a wav2vec 2.0 model that spells (Baevski et al. 2020), on transformers.

Any `Wav2Vec2ForCTC` whose vocabulary has the letters of the language; the production row names a Thai one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import Wav2Vec2ForCTC, Wav2Vec2Processor
from transformers.utils import logging

from deployments.align.embedded.timing import timed
from deployments.align.embedded.windows import hear_in_windows
from deployments.align.replica import Found, Passage
from deployments.align.viterbi import FloatArray, Unit, align
from deployments.asr.replica import faint_noise
from deployments.serving.loader import EngineConfigError
from deployments.serving.torch_device import torch_device, torch_dtype
from serve_app.engines import SAMPLE_RATE, Audio, EngineCard
from serve_app.errors import AlignmentFailed

SHORTEST = 400
"""Samples that the first frame of the convolutions covers; shorter audio is padded."""


class CtcAligner:
    """Stateless and deterministic on one device."""

    example = Passage(faint_noise(), ("ไทย",))

    def __init__(self, checkpoint: str, device: str = "auto", dtype: str = "auto") -> None:
        """`checkpoint` is a folder with the model and its processor; nothing is downloaded.

        `auto` is CUDA with float16 where there is a GPU, else the CPU with float32. Raises EngineConfigError
        for a folder that does not hold the whole model, for a device that is not there and an unknown dtype.
        """
        self._model = _load(checkpoint, device, dtype)
        self._processor = Wav2Vec2Processor.from_pretrained(checkpoint, local_files_only=True)
        tokenizer = self._processor.tokenizer
        self._blank = int(tokenizer.pad_token_id)
        self._silent = sorted({tokenizer.word_delimiter_token_id, tokenizer.unk_token_id} - {self._blank})
        quiet = {self._blank, *self._silent}
        self._letters = {sign: label for sign, label in tokenizer.get_vocab().items() if label not in quiet}
        self._frame = int(self._model.config.inputs_to_logits_ratio)
        self.card = EngineCard(
            engine="thai",
            impl="wav2vec2-ctc",
            embedded=False,
            languages=("th",),
            note="Judges letters, and tones as far as they are spelled; not calibrated.",
            device=str(self._model.device),
        )

    def align(self, passage: Passage) -> Found:
        """Where each word was said and how well; None for a word without a letter of the vocabulary.

        Raises AlignmentFailed when the numbers overflow.
        """
        spelled = [[self._letters[sign] for sign in word if sign in self._letters] for word in passage.words]
        if not any(spelled):
            return (None,) * len(spelled)
        log_probs = hear_in_windows(passage.audio, self._frame, self.log_probs)
        said = align(log_probs, [word for word in spelled if word], self._blank)
        duration, frame_s = len(passage.audio) / SAMPLE_RATE, self._frame / SAMPLE_RATE
        words = iter(timed(said, [_confidence(word) for word in said], frame_s=frame_s, duration=duration))
        return tuple(next(words) if word else None for word in spelled)

    def log_probs(self, audio: Audio) -> FloatArray:
        """Of up to 30 s, shape (frames, labels); what is no letter, the mark between words too, is blank.

        Raises AlignmentFailed when the numbers overflow.
        """
        padded = np.pad(audio, (0, max(0, SHORTEST - len(audio))))
        inputs = self._processor(padded, sampling_rate=SAMPLE_RATE, return_tensors="pt")
        with torch.inference_mode():
            logits = self._model(**inputs.to(self._model.device, self._model.dtype)).logits[0]
            log_probs = logits.float().log_softmax(-1).cpu().numpy()
        if not np.isfinite(log_probs).all():
            raise AlignmentFailed
        log_probs[:, self._blank] = np.logaddexp.reduce(log_probs[:, [self._blank, *self._silent]], axis=1)
        log_probs[:, self._silent] = np.finfo(np.float32).min
        return np.asarray(log_probs, np.float32)


def _load(checkpoint: str, device: str, dtype: str) -> Wav2Vec2ForCTC:
    place = torch_device(device)
    if not (Path(checkpoint) / "config.json").is_file():
        raise EngineConfigError(f"checkpoint {checkpoint!r}: not a folder with a model")
    logging.disable_progress_bar()
    model, loading = Wav2Vec2ForCTC.from_pretrained(
        checkpoint,
        dtype=torch_dtype(dtype, place, on_gpu=torch.float16),
        local_files_only=True,
        output_loading_info=True,
    )
    if missing := sorted(loading["missing_keys"]):
        raise EngineConfigError(f"checkpoint {checkpoint!r} lacks tensors: {', '.join(missing)}")
    return model.to(place).eval()


def _confidence(word: list[Unit]) -> float:
    """Mean over the letters of p / (p + q): own probability p against that of the best rival, q."""
    goodness = np.array([unit.goodness for unit in word]).clip(-50, 50)
    return float((1 / (1 + np.exp(-goodness))).mean())
