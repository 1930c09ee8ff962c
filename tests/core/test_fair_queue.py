"""Fair places: LLM-009."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from serve_app.core.fair_queue import FairQueue

TEAMS = ("a", "b", "c")


def test_teams_take_turns() -> None:
    """LLM-009: a team that sends much waits behind itself, not in front of others."""
    places: FairQueue[str] = FairQueue(1, 10)
    for ticket in ("a0", "a1", "a2", "a3", "b1", "c1", "b2"):
        assert places.arrive(ticket[0], ticket) is None
    order = ["a0"]
    while following := places.leave(order[-1]):
        order.append(following)
    assert order == ["a0", "a1", "b1", "c1", "a2", "b2", "a3"]


def test_the_greediest_team_makes_room() -> None:
    """LLM-009: its newest is displaced, until the other team has as many."""
    places: FairQueue[str] = FairQueue(1, 4)
    for ticket in ("a0", "a1", "a2", "a3", "a4"):
        assert places.arrive("a", ticket) is None
    assert places.arrive("b", "b1") == "a4"
    assert places.arrive("b", "b2") == "a3"
    assert places.arrive("b", "b3") == "b3"
    assert places.arrive("a", "a5") == "a5"


def test_nobody_loses_an_only_seat() -> None:
    """LLM-009: teams with one each do not push one another out."""
    places: FairQueue[str] = FairQueue(1, 2)
    for ticket in ("a0", "a1", "b1"):
        places.arrive(ticket[0], ticket)
    assert places.arrive("c", "c1") == "c1"


def test_without_a_queue() -> None:
    """LLM-009: places only."""
    places: FairQueue[str] = FairQueue(1, 0)
    assert places.arrive("a", "first") is None
    assert places.arrive("b", "second") == "second"
    assert places.leave("first") is None
    assert places.arrive("b", "second") is None


@pytest.mark.parametrize("gone", ["a1", "unknown"])
def test_leaving_the_queue_frees_no_place(gone: str) -> None:
    """LLM-009, LLM-010: who gives up waiting, or was refused, hands on nothing."""
    places: FairQueue[str] = FairQueue(1, 2)
    for ticket in ("a0", "a1", "a2"):
        places.arrive("a", ticket)
    assert places.leave(gone) is None
    assert (places.running, places.has_place("a0")) == (1, True)
    assert places.leave("a0") == ("a2" if gone == "a1" else "a1")


@given(st.lists(st.sampled_from(TEAMS), min_size=2, max_size=30), st.integers(1, 3))
def test_nobody_starves(arrivals: list[str], count: int) -> None:
    """LLM-009: who has k of its own team ahead is served within k + 1 rounds, whatever others send."""
    places: FairQueue[tuple[str, int]] = FairQueue(count, 100)
    for number, team in enumerate(arrivals):
        places.arrive(team, (team, number))
    running = [(team, number) for number, team in enumerate(arrivals) if places.has_place((team, number))]
    served: Counter[str] = Counter()
    for turn in range(len(arrivals) - len(running)):
        following = places.leave(running.pop(0))
        assert following is not None
        running.append(following)
        ahead = served[following[0]]
        assert turn < (ahead + 1) * len(TEAMS)
        served[following[0]] += 1


class AnyTraffic(RuleBasedStateMachine):
    """LLM-009: arrivals and departures in any order, against a plain account of who is where."""

    PLACES, WAITING = 2, 4

    def __init__(self) -> None:
        super().__init__()
        self.places: FairQueue[tuple[str, int]] = FairQueue(self.PLACES, self.WAITING)
        self.running: list[tuple[str, int]] = []
        self.queue: list[tuple[str, int]] = []
        self.count = 0

    @rule(team=st.sampled_from(TEAMS))
    def arrive(self, team: str) -> None:
        self.count += 1
        ticket = (team, self.count)
        refused = self.places.arrive(team, ticket)
        if self.places.has_place(ticket):
            self.running.append(ticket)
            assert not self.queue
            assert refused is None
        else:
            self.queue.append(ticket)
            if refused is not None:
                self._is_just(team, refused)
                self.queue.remove(refused)

    def _is_just(self, team: str, refused: tuple[str, int]) -> None:
        """Only for want of room; another team's newest only where that team keeps as many at least."""
        assert len(self.queue) == self.WAITING + 1
        waiting = Counter(owner for owner, _ in self.queue)
        assert refused == max(ticket for ticket in self.queue if ticket[0] == refused[0])
        if refused[0] != team:
            assert waiting[refused[0]] == max(waiting.values())
            assert waiting[refused[0]] - 1 >= waiting[team]
        else:
            assert waiting[team] >= max(count for owner, count in waiting.items())

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.running))
        self.running.remove(ticket)
        following = self.places.leave(ticket)
        assert (following is None) == (not self.queue)
        if following is not None:
            same_team = [waiting for waiting in self.queue if waiting[0] == following[0]]
            assert following == min(same_team)
            self.queue.remove(following)
            self.running.append(following)

    @precondition(lambda self: self.queue)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.queue))
        self.queue.remove(ticket)
        assert self.places.leave(ticket) is None

    @invariant()
    def keeps_its_bounds(self) -> None:
        assert self.places.running == len(self.running) <= self.PLACES
        assert self.places.waiting == len(self.queue) <= self.WAITING
        assert all(map(self.places.has_place, self.running))
        assert not any(map(self.places.has_place, self.queue))
        assert self.places.running == self.PLACES or not self.queue


TestAnyTraffic = AnyTraffic.TestCase
