"""What waits for a slow reader: ERR-009, ASR-049."""

from __future__ import annotations

import asyncio

import pytest

from serve_app.errors import SlowReader
from serve_app.sockets.send_queue import MAX_KEPT, SendQueue


async def test_a_newer_partial_takes_the_place_of_an_unsent_one() -> None:
    """ASR-049: and never overtakes what was queued between them."""
    outbox = SendQueue()
    for text, slot in (("p1", "p"), ("s1", "s"), ("p2", "p"), ("final", None), ("p3", "p"), ("s2", "s")):
        outbox.put(text, slot)
    assert [await outbox.next() for _ in range(3)] == ["final", "p3", "s2"]


async def test_finals_and_errors_are_kept_up_to_a_bound() -> None:
    """ERR-009: then the reader is given up."""
    outbox = SendQueue()
    for number in range(MAX_KEPT):
        outbox.put(str(number))
    with pytest.raises(SlowReader):
        outbox.put("one more")
    assert [await outbox.next() for _ in range(MAX_KEPT)] == [str(number) for number in range(MAX_KEPT)]


async def test_partials_never_fill_it() -> None:
    """ERR-009."""
    outbox = SendQueue()
    for number in range(10 * MAX_KEPT):
        outbox.put(str(number), "partial")
    assert await outbox.next() == str(10 * MAX_KEPT - 1)


async def test_delivered_waits_for_the_text_in_hand() -> None:
    """ERR-019: the last error is sent before the close."""
    outbox = SendQueue()
    outbox.put("error")
    waiting = asyncio.create_task(outbox.delivered())
    assert await outbox.next() == "error"
    await asyncio.sleep(0)
    assert not waiting.done(), "taken, but not sent yet"
    sender = asyncio.create_task(outbox.next())
    await asyncio.wait_for(waiting, 5)
    sender.cancel()
