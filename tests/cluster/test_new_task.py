"""A task that the product does not know, on a real cluster, by a config row alone (RT-44)."""

from __future__ import annotations

from typing import Any

from tests.cluster.running import GATEWAY, RunningCluster, until
from tests.engines.serving.letter_count import NAME

ROW: dict[str, Any] = {
    "name": "letter_count-thai-letters",
    "import_path": "deployments.apps:model",
    "route_prefix": None,
    "args": {
        "task": NAME,
        "name": "thai-letters",
        "engine": "tests.engines.serving.letter_count:CountingEngine",
        "options": {"ignored": "x"},
    },
    "deployments": [{"name": "model", "ray_actor_options": {"num_cpus": 0.1}}],
}


def test_a_config_row_serves_a_new_task(cluster: RunningCluster) -> None:
    """RT-44, RT-35: nobody restarts; callers find it, and `/health` shows its card."""
    gateways = cluster.replicas(GATEWAY)
    rows = [*cluster.config["applications"], ROW]
    cluster.operate("deploy", {**cluster.config, "applications": rows})
    until(lambda: "thai-letters" in cluster.engines(), 60, "the new task lives")
    assert cluster.operate("count", "a1b xก") == "3 a b ก"
    assert cluster.operate("count", "") == "invalid_request"
    cluster.operate("deploy", cluster.config)
    until(lambda: "thai-letters" not in cluster.engines(), 60, "the task is gone")
    assert cluster.operate("count", "a") == "engine_unavailable"
    assert cluster.replicas(GATEWAY) == gateways
