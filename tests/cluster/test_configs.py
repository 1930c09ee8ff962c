"""The shipped configs, offline: Serve's own schema, our rows, Ray's node file."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.config import DISPATCHER, MODEL, api_row, dispatcher_rows, model_rows, read_config
from deployments.jobs.autoscaling import replicas_for_jobs
from deployments.ray_cluster.environment import RAY_ENVIRONMENT
from serve_app.flows.job_registry import FLOWS

# Ray 2.60 itself still declares fields in pydantic's old way.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")

ROOT = Path(__file__).parent.parent.parent
TABLES = {"plans.yaml", "models.yaml"}
CONFIGS = sorted(path for path in (ROOT / "configs").glob("*.yaml") if path.name not in TABLES)
DEPLOYMENT = {
    MODEL: "model",
    DISPATCHER: "dispatcher",
    "deployments.apps:api": "api",
    "deployments.apps:api_behind_proxy": "api",
}
METRICS_INTERVAL_S = 10.0
"""Serve's default, which `look_back_period_s` must exceed: else a warning that is to become an error."""


@pytest.fixture(params=CONFIGS, ids=lambda path: path.stem)
def config(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read_config(request.param)


def test_the_three_profiles_are_there() -> None:
    """Laptop, production, and the plain way behind Serve's proxy."""
    assert [path.stem for path in CONFIGS] == ["behind_proxy", "embedded", "rtx4090x8"]


def test_serve_accepts_the_config(config: dict[str, Any]) -> None:
    """`serve deploy` would take it."""
    from ray.serve.schema import ServeDeploySchema

    schema = ServeDeploySchema.model_validate(config)
    assert len({application.name for application in schema.applications}) == len(config["applications"])


def test_rows_follow_the_conventions(config: dict[str, Any]) -> None:
    """RT-44: one API; each model is found under `<task>-<name>`; names of deployments are the builders'."""
    api_row(config).build_settings()
    models = [row for row in config["applications"] if row["import_path"] == MODEL]
    assert [row["name"] for row in models] == [args.application for args in model_rows(config)]
    for row in config["applications"]:
        assert [each["name"] for each in row["deployments"]] == [DEPLOYMENT[row["import_path"]]]


def test_every_kind_of_job_is_run(config: dict[str, Any]) -> None:
    """JOB-002: by exactly one dispatcher of the config, on the store of the API; scaled by its jobs."""
    rows = dispatcher_rows(config)
    assert sorted(kind for row in rows for kind in row.concurrency) == sorted(FLOWS)
    assert {row.build_settings().store_url for row in rows} == {api_row(config).build_settings().store_url}
    policies = [
        deployment["autoscaling_config"]["policy"]["policy_function"]
        for row in config["applications"]
        if row["import_path"] == DISPATCHER
        for deployment in row["deployments"]
    ]
    assert set(policies) == {f"{replicas_for_jobs.__module__}:{replicas_for_jobs.__name__}"}


def test_every_deployment_autoscales_from_day_one(config: dict[str, Any]) -> None:
    """Adding the first autoscaling_config later restarts the application."""
    from ray.serve.config import AutoscalingConfig

    for row in config["applications"]:
        for deployment in row["deployments"]:
            scaling = AutoscalingConfig(**deployment["autoscaling_config"])
            assert scaling.look_back_period_s > METRICS_INTERVAL_S


def test_every_engine_class_exists(config: dict[str, Any]) -> None:
    """A row never names a class that is not in the repository; checked without importing heavy packages."""
    for args in model_rows(config):
        module, _, name = args.engine.partition(":")
        spec = find_spec(module)
        assert spec is not None, module
        assert spec.origin is not None
        tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def test_models_have_no_public_route(config: dict[str, Any]) -> None:
    """RT-44: only the API is reachable from outside."""
    for row in config["applications"]:
        assert row["route_prefix"] is None or row["name"] == "api"


def test_ray_accepts_the_node_file() -> None:
    """`ray up cluster.yaml` would take it."""
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(_nodes()))


@pytest.mark.parametrize("commands", ["head_start_ray_commands", "worker_start_ray_commands"])
def test_every_node_starts_with_the_same_environment(commands: str) -> None:
    """What `make serve` sets for a private Ray stands on every node, with token authentication on."""
    start = _nodes()[commands][-1]
    for name, value in {**RAY_ENVIRONMENT, "RAY_AUTH_MODE": "token"}.items():
        assert f"{name}={value} " in start


def _nodes() -> dict[str, Any]:
    nodes: dict[str, Any] = yaml.safe_load((ROOT / "cluster.yaml").read_text(encoding="utf-8"))
    return nodes
