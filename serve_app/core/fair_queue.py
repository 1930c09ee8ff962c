"""Places for a few at once and a bounded queue in front of them, shared fairly between teams (LLM-009)."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Ticket = TypeVar("Ticket", bound=Hashable)


class FairQueue(Generic[Ticket]):
    """Who has a place and who waits for one; knows neither time nor tasks.

    A place that comes free goes to the next team in turn (round robin over the teams with someone waiting),
    and within a team to whoever came first: a team that sends much waits behind itself. No place stays free
    while anybody waits.
    """

    def __init__(self, places: int, waiting: int) -> None:
        """`places` tickets run at once, and at most `waiting` wait."""
        self._places = places
        self._room = waiting
        self._running: set[Ticket] = set()
        self._queues: dict[str, dict[Ticket, None]] = {}
        """Tickets that wait, by team; both in the order of their turns. No queue is empty."""
        self._team: dict[Ticket, str] = {}
        """Of the tickets that wait."""

    @property
    def running(self) -> int:
        """Tickets with a place."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Tickets without one."""
        return len(self._team)

    def has_place(self, ticket: Ticket) -> bool:
        """Whether the ticket runs."""
        return ticket in self._running

    def arrive(self, team: str, ticket: Ticket) -> Ticket | None:
        """Take a place or a seat in the queue. Gives the ticket that is refused for want of room, if any.

        That is the arriving one; or the newest of the team with the most waiting, as long as the arriving
        team has fewer even with its new one: then nobody's only ticket is lost, and two teams do not push
        each other out for ever.
        """
        if self.running < self._places:
            self._running.add(ticket)
            return None
        refused = self._refused(team, ticket) if self.waiting >= self._room else None
        if refused is not ticket:
            self._queues.setdefault(team, {})[ticket] = None
            self._team[ticket] = team
        return refused

    def leave(self, ticket: Ticket) -> Ticket | None:
        """Give up a place or a seat. Gives the ticket that has the place now, if any."""
        if ticket in self._team:
            self._drop(ticket)
        if ticket not in self._running:
            return None
        self._running.remove(ticket)
        return self._admit()

    def _admit(self) -> Ticket | None:
        team = next(iter(self._queues), None)
        if team is None:
            return None
        ticket = next(iter(self._queues[team]))
        self._drop(ticket)
        if team in self._queues:
            self._queues[team] = self._queues.pop(team)  # to the end of the round
        self._running.add(ticket)
        return ticket

    def _refused(self, team: str, ticket: Ticket) -> Ticket:
        most = max(self._queues.values(), key=len, default={})
        if len(self._queues.get(team, ())) + 1 >= len(most):
            return ticket
        newest = next(reversed(most))
        self._drop(newest)
        return newest

    def _drop(self, ticket: Ticket) -> None:
        team = self._team.pop(ticket)
        del self._queues[team][ticket]
        if not self._queues[team]:
            del self._queues[team]
