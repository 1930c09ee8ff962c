"""Places rtx4090x8.yaml, with tiny engines, on a faked cluster; prints where everything went as JSON.

A process of its own, because a faked cluster and its environment belong to the process that makes it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from deployments.ray_cluster import environment
from tests.cluster.running import tiny

WAIT_S = 150.0
"""Some twenty processes import Serve at once: a minute on two idle cores, more on busy ones."""
RECOGNIZERS = 3
NODE_CPUS = 16
"""As in a machine with four cards; with few of them a gateway finds no node that has two left."""
NODE_MEMORY = {"object_store_memory": 80 * 1024 * 1024, "include_dashboard": False}


def place() -> dict[str, Any]:
    """Replicas of each application on each node, and the GPU shares in use."""
    import ray
    from ray import serve
    from ray.cluster_utils import Cluster
    from ray.serve.context import _get_global_client
    from ray.serve.schema import ServeDeploySchema

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 4, "num_gpus": 0, **NODE_MEMORY})
    labels = {"role": "gpu", "gpu": "rtx4090"}
    workers = [nodes.add_node(num_cpus=NODE_CPUS, num_gpus=4, labels=labels, **NODE_MEMORY) for _ in range(2)]
    ray.init(address=nodes.address, log_to_driver=False, logging_level=logging.ERROR)
    config = tiny("rtx4090x8.yaml")
    scaling = config["applications"][0]["deployments"][0]["autoscaling_config"]
    scaling.update(min_replicas=RECOGNIZERS)
    for row in config["applications"]:
        # Their own environments are on the GPU nodes only.
        row["deployments"][0]["ray_actor_options"].pop("runtime_env", None)
    serve.start(proxy_location="Disabled")
    client = _get_global_client()
    assert client is not None
    client.deploy_apps(ServeDeploySchema.model_validate(config))
    _wait_until_running(serve, len(config["applications"]))
    gpu_nodes = {worker.node_id for worker in workers}
    free = ray.available_resources()["GPU"]
    placed = {
        name: sorted(
            Counter(
                replica["node_id"] if replica["node_id"] in gpu_nodes else "other"
                for deployment in application["deployments"].values()
                for replica in deployment["replicas"]
            ).items()
        )
        for name, application in client.get_serve_details()["applications"].items()
    }
    return {"placed": placed, "gpu_used": round(8 - free, 3), "gpu_nodes": sorted(gpu_nodes)}


def _wait_until_running(serve: Any, wanted: int) -> None:
    deadline = time.monotonic() + WAIT_S
    while True:
        statuses = [str(each.status) for each in serve.status().applications.values()]
        if [status for status in statuses if "RUNNING" in status][wanted - 1 :]:
            return
        assert time.monotonic() < deadline, serve.status()
        time.sleep(0.2)


if __name__ == "__main__":
    environment.prepare(Path(os.environ["KALEIDO_DATA"]))
    result = place()
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    import ray

    ray.shutdown()
