"""What LTX renders for a video of a promised size: its networks count in blocks of pixels and of frames."""

from __future__ import annotations

from collections.abc import Iterator
from math import lcm
from typing import NamedTuple

import torch
from diffusers import LTX2ImageToVideoPipeline
from PIL import Image, ImageOps

from serve_app.engines import Picture, VideoRequest

BLOCK = 32
"""Pixels; the pipeline refuses other multiples, whatever its VAE compresses by."""


class Canvas(NamedTuple):
    """What is rendered; the video is cut out of it."""

    width: int
    height: int
    num_frames: int


def canvas_of(request: VideoRequest, pipe: LTX2ImageToVideoPipeline) -> Canvas:
    """The smallest canvas that covers the video: 1280x736 for 1280x720, 864x480 for 854x480.

    The VAE makes one frame of its first latent and eight of each other: 121 frames for five seconds of 24.
    """
    block = lcm(BLOCK, pipe.vae_spatial_compression_ratio * pipe.transformer_spatial_patch_size)
    group = pipe.vae_temporal_compression_ratio * pipe.transformer_temporal_patch_size
    return Canvas(_up(request.width, block), _up(request.height, block), _up(request.frames - 1, group) + 1)


def _up(count: int, block: int) -> int:
    """The next multiple."""
    return -(-count // block) * block


def fitted(picture: Picture, canvas: Canvas) -> Image.Image:
    """The picture scaled so that it covers the canvas; what hangs over is cut off on both sides alike."""
    return ImageOps.fit(Image.fromarray(picture), (canvas.width, canvas.height), Image.Resampling.LANCZOS)


def cut_frames(rendered: torch.Tensor, request: VideoRequest) -> Iterator[Picture]:
    """The video's frames out of the middle of rendered ones, shape (frames, 3, height, width) in [0, 1].

    One at a time: five seconds of 720p are 1.3 GB as float32, and one frame 3 MB.
    """
    top = (rendered.shape[2] - request.height) // 2
    left = (rendered.shape[3] - request.width) // 2
    for frame in rendered[: request.frames]:
        cut = frame[:, top : top + request.height, left : left + request.width].float()
        yield (cut * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
