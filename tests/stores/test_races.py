"""GT-14: eight real processes at one store, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stores import racing_processes as crew
from tests.stores.opening import open_address
from tests.stores.racing_processes import SIZE, Crew


@pytest.fixture(scope="module")
def processes() -> Iterator[Crew]:
    started = Crew()
    yield started
    started.close()


def test_exactly_the_limit_passes(processes: Crew, address: str) -> None:
    """QUO-008, GT-14: 8 processes x 100 calls against 120 a minute."""
    assert sum(processes.run(crew.count_requests, address, 100, 120)) == 120


def test_never_more_holders_than_slots(processes: Crew, address: str, tmp_path: Path) -> None:
    """QUO-008, GT-14: 8 processes race for 3 slots, 1600 rounds; a memory map all write to is the witness."""
    witness = tmp_path / "witness"
    witness.write_bytes(bytes(SIZE))
    outcomes = processes.run(crew.race_for_slots, address, 1600, str(witness))
    assert max(most for most, _ in outcomes) == 3
    held = sum(count for _, count in outcomes)
    assert 0 < held < 1600 * SIZE


async def test_one_winner_per_version(processes: Crew, address: str) -> None:
    """Optimistic writes lose nothing: each version has exactly one winner."""
    store = open_address(address)
    await store.put("numbers", "n", {"n": 0})
    won = sorted(version for versions in processes.run(crew.increment, address, 25) for version in versions)
    assert won == list(range(2, 2 + 25 * SIZE))
    found = await store.get("numbers", "n")
    assert found is not None
    assert found.body == {"n": 25 * SIZE}
    await store.close()


def test_one_creator_per_document(processes: Crew, address: str) -> None:
    """Of all who write with "must not exist", exactly one succeeds."""
    keys = [str(n) for n in range(100)]
    created = [key for mine in processes.run(crew.create, address, keys) for key in mine]
    assert sorted(created) == sorted(keys)


def test_one_team_per_name(processes: Crew, address: str) -> None:
    """KEY-017: of all who make a team of one name, exactly one succeeds."""
    names = [f"school {n}" for n in range(25)]
    made = [name for mine in processes.run(crew.make_teams, address, names) for name in mine]
    assert sorted(made) == sorted(names)


async def test_totals_are_exact(processes: Crew, address: str) -> None:
    """QUO-008: no add is lost, and an event that all report counts once."""
    processes.run(crew.add_up, address, 50)
    store = open_address(address)
    assert await store.total("audio") == pytest.approx(0.02 * 50 * SIZE, abs=1e-9)
    assert await store.total("usage") == 75.0
    await store.close()


async def test_many_processes_open_a_new_file_at_once(processes: Crew, tmp_path: Path) -> None:
    """The schema is created once, whoever comes first, and nobody's first write is lost."""
    addresses = [str(tmp_path / str(n) / "store.sqlite3") for n in range(25)]
    assert processes.run(crew.open_and_write, addresses) == [len(addresses)] * SIZE
    for address in addresses:
        store = open_address(address)
        assert len(await store.list("members")) == SIZE
        await store.close()
