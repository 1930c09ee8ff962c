"""Sends the turns of a conversation to the replica that has its beginning in the cache.

Ray's own prefix router asks an actor about each request, blocking the loop that routes the requests to all
other models too, keeps every prompt there, and cannot be imported without the packages of `ray[llm]`.
"""

from __future__ import annotations

from typing import Any

from ray.serve.request_router import PendingRequest, RequestRouter, RunningReplica

from deployments.llm.prefix_affinity import beginning_of, preferred
from serve_app.engines import ChatRequest

SLACK = 8
"""Requests that a replica may have more than another before the cache is worth less than the wait: of 32 at
once, a quarter."""


class PrefixRouter(RequestRouter):
    """Of a deployment whose `chat` takes a ChatRequest; its other methods go to the least busy replica.

    `request_router_kwargs`: `slack`.
    """

    def initialize_state(self, slack: int = SLACK, **_: Any) -> None:
        """Called by Serve with the `request_router_kwargs` of the config."""
        self._slack = slack

    async def choose_replicas(
        self, candidate_replicas: list[RunningReplica], pending_request: PendingRequest | None = None
    ) -> list[list[RunningReplica]]:
        """Serve takes the first replica that accepts the request, from the first list that has one."""
        if pending_request is None:
            return [candidate_replicas]
        pending_request.routing_context.should_backoff = True  # when all are full
        request = next(iter(pending_request.args), None)
        if not isinstance(request, ChatRequest):
            return [candidate_replicas]
        replicas = {replica.replica_id.unique_id: replica for replica in candidate_replicas}
        order = preferred(beginning_of(request), self._loads(replicas), self._slack)
        return [[replicas[name]] for name in order]

    def _loads(self, replicas: dict[str, RunningReplica]) -> dict[str, int]:
        """Requests that each replica had when it was last heard of."""
        cache = self.replica_queue_len_cache
        return {name: cache.get(replica.replica_id) or 0 for name, replica in replicas.items()}
