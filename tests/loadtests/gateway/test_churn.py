"""What a server may hold after its clients have gone (QUO-009)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loadtests.captions.client import ThaiAsr
from loadtests.gateway.churn import ROUNDS, Settled, growth_kib, rows
from loadtests.gateway.drops import Drop, Moment, churn, drops
from loadtests.processes import Footprint
from loadtests.recording import BYTES_PER_MS, Utterance
from tests.loadtests.scripted_server import KEY, Script, scripted_server

CLEAN = Settled(Footprint(rss_mib=200, files=70, threads=30, sockets=0), slots=0, seconds=0.2)


def after(*memory_mib: float, **changed: int) -> list[Settled]:
    """Rounds with these memories; the last one with other changes."""
    found = [replace(CLEAN, footprint=replace(CLEAN.footprint, rss_mib=mib)) for mib in memory_mib]
    slots = changed.pop("slots", 0)
    found[-1] = replace(found[-1], slots=slots, footprint=replace(found[-1].footprint, **changed))
    return found


def broken(rounds: list[Settled]) -> list[str]:
    return [str(row[0]) for row in rows(rounds, 1000) if not row[-1]]


def test_a_plateau_is_no_leak() -> None:
    """QUO-009: memory that grew while warming up and then stopped."""
    assert broken(after(200, 240, 250, 251, 251, 250, 252, 251, 251, 250, 252)) == []


def test_one_larger_round_is_no_leak() -> None:
    """QUO-009: the allocator takes 13 MiB for the last round."""
    assert broken(after(302, 300, 301, 298, 300, 299, 301, 300, 298, 301, 311)) == []


def test_a_slope_is_a_leak() -> None:
    """QUO-009: 32 KiB stay behind with every session."""
    leaking = after(*(200 + round_ * (1000 / ROUNDS) * 32 / 1024 for round_ in range(ROUNDS + 1)))
    assert growth_kib(leaking, 1000) == pytest.approx(32)
    assert broken(leaking) == ["memory KiB per session, last half"]


@pytest.mark.parametrize("held", ["slots", "sockets", "files", "threads"])
def test_whatever_stays_behind_is_named(held: str) -> None:
    """QUO-009: a slot, a socket, files or threads."""
    name = "session slots" if held == "slots" else held
    assert broken(after(*[200] * (ROUNDS + 1), **{held: 99})) == [name]


def test_drops_are_random_but_always_the_same() -> None:
    """A run can be repeated, and every moment and both kinds of close occur."""
    assert drops(200) == drops(200)
    assert {drop.moment for drop in drops(200)} == set(Moment)
    assert {drop.reset for drop in drops(200)} == {True, False}


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("moment", list(Moment))
async def test_a_planned_drop_is_no_surprise(moment: Moment, reset: bool) -> None:
    """QUO-009: only what went otherwise than planned is counted."""
    said = Utterance("malee", "แมว", bytes(200 * BYTES_PER_MS))
    async with scripted_server(Script()) as url, ThaiAsr(url, KEY) as api:
        assert await churn(api, [said], [Drop(moment, reset, 0.5)]) == {}


async def test_a_refused_session_is_a_surprise() -> None:
    """QUO-003: it would otherwise look like a server that leaks nothing."""
    said = Utterance("malee", "แมว", bytes(200 * BYTES_PER_MS))
    async with scripted_server(Script(refuse_session=429)) as url, ThaiAsr(url, KEY) as api:
        surprises = await churn(api, [said], [Drop(Moment.MID_AUDIO, False, 0.5)] * 3)
    assert surprises == {"mid audio: sessions: HTTP 429": 3}
