"""Batched greedy decoding of a recurrent transducer (Graves 2012, arXiv 1211.3711)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import NemotronAsrStreamingForRNNT, ParakeetForRNNT

from deployments.asr.typhoon.thai_words import Token

Transducer = ParakeetForRNNT | NemotronAsrStreamingForRNNT
"""Networks of one decoder and one joint network, behind different encoders."""
LOOK_AHEAD = 8
"""Frames (0.64 s) searched for the next token at once. Blanks leave the prediction network as it is, so one
product with the joint network's weights serves a whole run of them; Thai has a token every two to four
frames."""


def greedy(model: Transducer, encoded: Tensor, lengths: Tensor) -> list[list[Token]]:
    """Most probable symbol at every step, for each stream of a batch.

    `encoded` is (batch, frames, joint size), `lengths` (batch,) counts each stream's own frames. The streams
    walk independently, label by label (Bataev et al. 2024, arXiv 2406.06220): the loop runs about once per
    token of the longest text, not once per frame. A frame emits at most `max_symbols_per_step` tokens.
    """
    prediction = _Prediction(model, len(encoded))
    frame, symbols = torch.zeros_like(lengths), torch.zeros_like(lengths)
    steps: list[tuple[Tensor, ...]] = []
    while bool((frame < lengths).any()):
        emits, ahead, token, logprob = _next(model, encoded, lengths, frame, prediction.output)
        frame = frame + torch.where(emits, ahead, LOOK_AHEAD)
        steps.append((emits, token, frame, logprob))
        prediction.accept(token, emits)
        symbols = torch.where(ahead == 0, symbols, 0) + emits
        full = symbols >= model.config.max_symbols_per_step
        frame, symbols = frame + full, torch.where(full | ~emits, 0, symbols)
    return _collected(steps)


def _next(
    model: Transducer, encoded: Tensor, lengths: Tensor, frame: Tensor, predicted: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The first token within reach of each stream: whether there is one, how far, which, log-probability."""
    rows = torch.arange(len(encoded), device=encoded.device)
    frames = frame[:, None] + torch.arange(LOOK_AHEAD, device=encoded.device)
    block = encoded[rows[:, None], frames.clamp(max=encoded.shape[1] - 1)]
    logits = model.joint.head(model.joint.activation(block + predicted[:, None]))
    best = logits.argmax(-1)
    speech = (best != model.config.blank_token_id) & (frames < lengths[:, None])
    ahead = speech.int().argmax(1)
    token = best[rows, ahead]
    logprob = logits[rows, ahead].float().log_softmax(-1)[rows, token]
    return speech.any(1), ahead, token, logprob


class _Prediction:
    """State of the prediction network, one row per stream."""

    def __init__(self, model: Transducer, batch: int) -> None:
        self._network = model.decoder
        shape = model.config.num_decoder_layers, batch, model.config.decoder_hidden_size
        weights = self._network.embedding.weight
        self._hidden, self._cell = weights.new_zeros(shape), weights.new_zeros(shape)
        self.output = weights.new_zeros(batch, model.config.decoder_hidden_size)
        everyone = torch.ones(batch, dtype=torch.bool, device=weights.device)
        self.accept(torch.full_like(everyone, model.config.blank_token_id, dtype=torch.long), everyone)

    def accept(self, token: Tensor, emits: Tensor) -> None:
        """Feed each stream's token; streams that do not emit stay as they are."""
        embedded = self._network.embedding(token)[:, None]
        output, (hidden, cell) = self._network.lstm(embedded, (self._hidden, self._cell))
        own = emits[:, None]
        self.output = torch.where(own, self._network.decoder_projector(output[:, 0]), self.output)
        self._hidden = torch.where(own, hidden, self._hidden)
        self._cell = torch.where(own, cell, self._cell)


def _collected(steps: Sequence[tuple[Tensor, ...]]) -> list[list[Token]]:
    """Steps to tokens, in one transfer from the device for each column."""
    emits, ids, frames, logprobs = (torch.stack(column, 1).cpu() for column in zip(*steps, strict=True))
    return [
        [Token(*token) for token in zip(*(column[row, own].tolist() for column in columns), strict=True)]
        for row, own in enumerate(emits)
        for columns in [(ids, frames, logprobs)]
    ]
