"""Tells how far a run of the pipeline is: before each network it calls, so that a run stops there too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

from diffusers import LTX2ImageToVideoPipeline

from deployments.serving.tracked_call import Report
from serve_app.engines import Progress

ENCODE, DENOISE, DECODE, MUX = "encode", "denoise", "decode", "mux"
"""Text and picture; the diffusion; frames and sound; the file."""


class Stages:
    """Of one run. What `report` raises passes through the pipeline, which keeps nothing of a run."""

    def __init__(self, pipe: LTX2ImageToVideoPipeline, report: Report) -> None:
        self._pipe = pipe
        self._report = report
        self._steps = 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Reports while this is open. A full step calls the transformer three times, and the decoder is
        called for each tile: stopping waits for one of these calls at most."""
        pipe = self._pipe
        encoding, decoding = self._counting(ENCODE), self._counting(DECODE)
        hooks = {
            pipe.text_encoder: encoding, pipe.vae.encoder: encoding, pipe.transformer: self._denoising,
            pipe.vae.decoder: decoding, pipe.audio_vae.decoder: decoding, pipe.vocoder: decoding,
        }  # fmt: skip
        with ExitStack() as stack:
            for network, hook in hooks.items():
                stack.enter_context(network.register_forward_pre_hook(hook))
            yield

    def step_ended(self, pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        """The pipeline's `callback_on_step_end`; changes no tensor."""
        self._steps = step + 1
        self._denoising()
        return tensors

    def _denoising(self, *_: object) -> None:
        self._report(Progress(DENOISE, self._steps, self._pipe.num_timesteps))

    def _counting(self, stage: str) -> Callable[..., None]:
        """Counts calls; how many there will be depends on the tiles."""
        calls = count()
        return lambda *_: self._report(Progress(stage, next(calls)))
