"""How likely tokens were, as OpenAI tells it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Logprobs = dict[str, Any]


def token_logprob(tokenizer: Tokenizer, logits: NDArray[np.float32], token: int, top: int) -> Logprobs:
    """Of one token among all of the vocabulary, before temperature; with the `top` likeliest beside it."""
    log_probs = logits - logits.max()
    log_probs -= np.log(np.exp(log_probs).sum())
    likeliest = np.argsort(-log_probs, kind="stable")[:top]
    beside = [_entry(tokenizer, int(each), float(log_probs[each])) for each in likeliest]
    return {**_entry(tokenizer, token, float(log_probs[token])), "top_logprobs": beside}


def _entry(tokenizer: Tokenizer, token: int, logprob: float) -> Logprobs:
    spelled = _bytes(tokenizer.id_to_token(token))
    return {"token": spelled.decode(errors="replace"), "logprob": logprob, "bytes": list(spelled)}


def _bytes(token: str) -> bytes:
    """Byte-level BPE spells each byte as a printable character (Radford 2019)."""
    return bytes(_BYTES[character] for character in token)


def _alphabet() -> dict[str, int]:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + at): byte for at, byte in enumerate(others)}


_BYTES = _alphabet()
