"""The acoustic model: a stack of gated depthwise convolutions over 30 ms frames, read by CTC (Graves et al.
2006)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deployments.thai_speech.inputs import INPUTS
from deployments.thai_speech.phonemes import TOKENS

STRIDE = 3
"""Feature frames per output frame: 30 ms, short enough for four tokens a syllable in fast speech."""


def output_frames(frames: int) -> int:
    """Output frames for so many feature frames."""
    return (frames - 1) // STRIDE + 1


class Block(nn.Module):
    """Gated linear unit, depthwise convolution over 330 ms, then a feed-forward layer; both residual."""

    def __init__(self, width: int, kernel: int = 11) -> None:
        super().__init__()
        self.norm, self.gate = nn.LayerNorm(width), nn.Linear(width, 2 * width)
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.batch_norm, self.mix = nn.BatchNorm1d(width), nn.Linear(width, width)
        self.feed_norm, self.up, self.down = (
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.Linear(2 * width, width),
        )

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """`x` (batch, frames, width); `mask` (batch, 1, frames) is 0 in the padding, which must not leak
        in."""
        gated = F.glu(self.gate(self.norm(x)), -1).transpose(1, 2) * mask
        x = x + self.mix(F.silu(self.batch_norm(self.depthwise(gated))).transpose(1, 2))
        return x + self.down(F.silu(self.up(self.feed_norm(x))))


class AcousticModel(nn.Module):
    """Features (batch, frames, 112) and lengths (batch,) to log probabilities (batch, frames / 3, tokens)."""

    def __init__(self, width: int = 192, blocks: int = 10) -> None:
        super().__init__()
        self.subsample = nn.Conv1d(INPUTS, width, 7, stride=STRIDE, padding=3)
        self.norm = nn.LayerNorm(width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))
        self.head_norm, self.head = nn.LayerNorm(width), nn.Linear(width, len(TOKENS))

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        x = self.norm(self.subsample(features.transpose(1, 2)).transpose(1, 2))
        kept = torch.div(lengths - 1, STRIDE, rounding_mode="floor") + 1
        mask = (torch.arange(x.shape[1], device=x.device)[None, :] < kept[:, None]).to(x.dtype)[:, None, :]
        for block in self.blocks:
            x = block(x, mask)
        return F.log_softmax(self.head(self.head_norm(x)).float(), -1)
