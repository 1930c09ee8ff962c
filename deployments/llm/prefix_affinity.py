"""Which replica has the beginning of a conversation in its cache.

Rendezvous hashing (Thaler and Ravishankar, 1998) with bounded loads (Mirrokni, Thorup and Zadimoghaddam,
2018): nothing is kept or asked for, every gateway comes to the same answer, and a replica that comes or goes
moves its own conversations only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b

from serve_app.engines import ChatRequest


def beginning_of(request: ChatRequest) -> bytes:
    """What all turns of a conversation have in common: its messages up to the first of the user.

    Of one team only, since teams do not share what is cached.
    """
    messages = request.body.get("messages")
    opening: list[object] = []
    for message in messages if isinstance(messages, list) else []:
        opening.append(message)
        if isinstance(message, Mapping) and message.get("role") == "user":
            break
    return repr((request.team, opening)).encode("utf-8", "surrogatepass")


def preferred(beginning: bytes, loads: Mapping[str, int], slack: int) -> Sequence[str]:
    """The replicas in the order to be tried, given how many requests each has.

    One with over `slack` more than another has comes after those that have not: to compute a prompt again is
    quicker than to wait.
    """
    most = min(loads.values(), default=0) + slack
    key = blake2b(beginning).digest()
    return sorted(loads, key=lambda name: (loads[name] > most, blake2b(name.encode(), key=key).digest()))
