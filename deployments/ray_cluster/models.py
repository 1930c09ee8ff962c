"""The models of the cluster behind the Protocols of `serve_app.engines`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from deployments.config import MODEL_DEPLOYMENT, application_name
from deployments.ray_cluster.handles import Application, Applications, Live
from deployments.tasks import row_of
from serve_app.engines import EngineCard, Model_co, Task
from serve_app.errors import EngineUnavailable, KaleidoError

CARD_TIMEOUT_S = 0.4
"""With the look at the controller it stays below the second that `/health` waits, whatever hangs."""

Cards = tuple[EngineCard, ...]


class ClusterModels:
    """`serve_app.engines.Models` over Serve applications `<task>-<name>`.

    Which public names an application answers for stands on its cards: usually its own, sometimes several.
    """

    def __init__(self) -> None:
        self._applications = Applications()
        self._cards: dict[str, tuple[float, Cards]] = {}
        self._where: dict[tuple[str, str], str] = {}
        self._latest: Sequence[EngineCard] = ()

    async def find(self, task: Task[Model_co], name: str) -> Model_co:
        """The model of this task with this public name; whether it lives shows when it is called."""
        application = await self._application(task.name, name)
        found: Model_co = row_of(task.name).remote(Application(self._applications, application))
        return found

    async def cards(self) -> Sequence[EngineCard]:
        """What runs behind each public name that answers now; within a second. While the controller is away,
        what ran before: models answer without it."""
        try:
            live = await self._applications.live()
        except EngineUnavailable:
            return self._latest
        models = {name: status for name, status in live.items() if MODEL_DEPLOYMENT in status.deployments}
        found = await asyncio.gather(*(self._cards_of(name, status) for name, status in models.items()))
        pairs = [(card, name) for name, cards in zip(models, found, strict=True) for card in cards]
        self._where = {(card.task, card.engine): name for card, name in pairs}
        self._latest = [card for card, _ in pairs]
        return self._latest

    async def _application(self, task: str, engine: str) -> str:
        """The application that answers for a name, also one that came up a moment ago."""
        if (task, engine) not in self._where:
            await self.cards()
        return self._where.get((task, engine), application_name(task, engine))

    async def _cards_of(self, application: str, status: Live) -> Cards:
        """Asked once per deployment of the application: a model that is asked on and on never scales down."""
        deployed, cards = self._cards.get(application, (0.0, ()))
        if cards and deployed == status.deployed_at:
            return cards
        try:
            cards = await self._applications.call(application, "cards", timeout_s=CARD_TIMEOUT_S)
        except KaleidoError:
            return ()
        if status.settled:
            self._cards[application] = (status.deployed_at, cards)
        return cards
