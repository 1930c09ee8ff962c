"""Image to video with sound: LTX 2.3 (Lightricks) on diffusers.

A diffusion transformer makes the latents of frames and sound together. Its distilled variant takes eight
steps of one evaluation each, the full one thirty of four.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soxr
import torch

from deployments.serving.torch_device import torch_device, torch_dtype
from deployments.serving.tracked_call import Report
from deployments.video.ltx23.canvas import Canvas, canvas_of, cut_frames, fitted
from deployments.video.ltx23.memory import plan_of
from deployments.video.ltx23.pipeline import load_pipeline
from deployments.video.ltx23.stages import MUX, Stages
from deployments.video.ltx23.variants import variant_of
from deployments.video.mp4 import SOUND_RATE, Mp4Writer, Sound, sound_of_frames
from deployments.video.replica import Extras
from serve_app.engines import EngineCard, Progress, VideoRequest

EXAMPLE = VideoRequest(np.full((64, 64, 3), 128, np.uint8), "A grey wall.", "", 64, 64, 2, 24, seed=0)
"""As small as the networks allow."""


class Ltx23:
    """One variant of LTX 2.3. A request draws from its own generator: the same seed, the same frames."""

    def __init__(
        self,
        model: str,
        variant: str = "distilled",
        memory: str = "bf16",
        steps: int | None = None,
        vae_tiling: bool = True,
        device: str = "auto",
        dtype: str = "auto",
    ) -> None:
        """`model` is a folder in diffusers' layout; nothing is downloaded. `memory` is one of `PLANS`.

        `auto` is CUDA with bfloat16 where there is a GPU, else the CPU with float32. Raises EngineConfigError
        for a folder without the pipeline, an unknown variant, plan or dtype, a plan or device that is not
        there, and steps that the variant does not have.
        """
        self._device = torch_device(device)
        number = torch_dtype(dtype, self._device, on_gpu=torch.bfloat16)
        self._variant, plan = variant_of(variant, steps), plan_of(memory, self._device)
        self._pipe = load_pipeline(model, self._variant, plan, self._device, number)
        if vae_tiling:
            self._pipe.vae.enable_tiling()
        self.card = EngineCard(
            engine="ltx23",
            impl=f"ltx-2.3-{variant}:{Path(model).name}",
            embedded=False,
            note="Frames and sound; reads 1024 tokens of a prompt.",
            device=str(self._device),
        )

    def warm_up(self) -> None:
        """Render a small video: kernels are chosen and, with some plans, the order of weights is learnt."""
        with TemporaryDirectory(prefix="kaleido-ltx23-") as folder:
            self.render(EXAMPLE, Path(folder, "video.mp4"), lambda progress: None)

    def render(self, request: VideoRequest, path: Path, report: Report) -> Extras:
        """Write the MP4; see `Renderer`. What the prompt has beyond 1024 tokens is left out."""
        canvas = canvas_of(request, self._pipe)
        try:
            frames, sound = self._generate(request, canvas, report)
        finally:
            self._pipe.maybe_free_model_hooks()  # a run that was stopped leaves its network on the card
        _mux(frames, sound, request, path, report)
        return {
            "variant": self._variant.name,
            "steps": self._variant.steps,
            "has_audio": True,
            "rendered_width": canvas.width,
            "rendered_height": canvas.height,
        }

    def _generate(self, request: VideoRequest, canvas: Canvas, report: Report) -> tuple[torch.Tensor, Sound]:
        """Frames on the device, shape (frames, 3, height, width) in [0, 1], and the sound."""
        stages = Stages(self._pipe, report)
        with stages.watched():
            videos, sounds = self._pipe(
                image=fitted(request.picture, canvas),
                prompt=request.prompt,
                **canvas._asdict(),
                frame_rate=float(request.frame_rate),
                generator=torch.Generator(self._device).manual_seed(request.seed),
                callback_on_step_end=stages.step_ended,
                output_type="pt",
                return_dict=False,
                **self._variant.arguments,
            )
        return videos[0], sound_of(sounds[0], self._pipe.vocoder.config.output_sampling_rate)


def sound_of(rendered: torch.Tensor, sample_rate: int) -> Sound:
    """Samples at `SOUND_RATE` of rendered ones, shape (channels, samples): the vocoder of LTX 2.3 has that
    rate by itself, the one before it 24 kHz."""
    samples = rendered.float().clamp(-1, 1).cpu().numpy()
    if sample_rate == SOUND_RATE:
        return samples
    return np.ascontiguousarray(soxr.resample(samples.T, sample_rate, SOUND_RATE).T, dtype=np.float32)


def _mux(frames: torch.Tensor, sound: Sound, request: VideoRequest, path: Path, report: Report) -> None:
    """Write frames and sound side by side, in as many steps as there are frames."""
    heard = sound_of_frames(sound, request.frames, request.frame_rate)
    with Mp4Writer(path, request.width, request.height, request.frame_rate, len(sound)) as file:
        for number, (frame, part) in enumerate(zip(cut_frames(frames, request), heard, strict=True)):
            report(Progress(MUX, number, request.frames))
            file.write(frame, part)
