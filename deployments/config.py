"""The rows of `configs/*.yaml`: one model each, or the API; and how a model row becomes a replica."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from deployments.serving.loader import WeightsUnavailable, load_engine
from deployments.serving.task_row import Replica
from deployments.tasks import row_of
from serve_app.settings import Settings

log = logging.getLogger(__name__)

MODEL = "deployments.apps:model"
DISPATCHER = "deployments.apps:dispatcher"
MODEL_DEPLOYMENT = "model"
"""The only deployment of a model's application: by it models are told from other applications."""


class Fallback(BaseModel):
    """The engine of a row whose own one lacks its weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    engine: str
    options: dict[str, Any] = {}


class ModelArgs(BaseModel):
    """`args` of a model row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    """A task of `deployments.tasks`, or one that stands elsewhere, as `package.module:ROW`."""
    name: str
    """Public engine name, for example `typhoon`; or what several of them are called together."""
    engine: str
    """`package.module:Class`."""
    options: dict[str, Any] = {}
    """Keyword arguments of the engine class; `{weights: NAME}` stands for a path (configs/models.yaml)."""
    fallback: Fallback | None = None
    """Runs instead while weights of `options` are not on the machine; its card then says so."""
    serves: tuple[str, ...] = ()
    """Public names that one engine answers for, where several small models share a process; else `name`."""
    replica: dict[str, Any] = {}
    """Keyword arguments of the replica class, for example `max_batch_items`."""

    @property
    def public_names(self) -> tuple[str, ...]:
        """The names callers know."""
        return self.serves or (self.name,)

    @property
    def application(self) -> str:
        """Name of the Serve application under which callers look this model up."""
        return application_name(self.task, self.name)


class SettingsArgs(BaseModel):
    """`args` of a row whose process stands on the store."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: dict[str, Any] = {}
    """Fields of `serve_app.settings.Settings` that this row fixes; the environment gives the others."""

    def build_settings(self) -> Settings:
        """Settings of the machine this runs on."""
        return Settings(**self.settings)


class ApiArgs(SettingsArgs):
    """`args` of an API row."""


class DispatcherArgs(SettingsArgs):
    """`args` of a dispatcher row."""

    concurrency: dict[str, PositiveInt] = Field(min_length=1)
    """How many jobs of each kind one dispatcher runs at once: about as many as the models behind them can
    take, since a job that an engine refuses as too many has spent an attempt."""
    drain_s: float = 30.0
    """How long a dispatcher that is replaced lets its jobs finish; what is left starts anew elsewhere."""


def application_name(task: str, name: str) -> str:
    """The convention by which a model is found: `asr-typhoon`."""
    return f"{task.rpartition(':')[2].lower()}-{name}"


def build_replica(args: ModelArgs) -> Replica:
    """Load the engine of a row and put its replica around it. Raises what `load_engine` raises."""
    return row_of(args.task).replica(build_engine(args), args.public_names, **args.replica)


def build_engine(args: ModelArgs) -> Any:
    """The engine of a row; without its weights its fallback. Raises what `load_engine` raises."""
    try:
        return load_engine(args.engine, args.options)
    except WeightsUnavailable as missing:
        if args.fallback is None:
            raise
        log.warning("%s runs %s. %s", args.application, args.fallback.engine, missing)
        return load_engine(args.fallback.engine, args.fallback.options)


def read_config(path: Path) -> dict[str, Any]:
    """A Serve config file as plain data."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def model_rows(config: dict[str, Any]) -> list[ModelArgs]:
    """The models of a config."""
    rows = config["applications"]
    return [ModelArgs(**row["args"]) for row in rows if row["import_path"] == MODEL]


def api_row(config: dict[str, Any]) -> ApiArgs:
    """The API of a config. Raises ValueError when it has none."""
    for row in config["applications"]:
        if row["name"] == "api":
            return ApiArgs(**row.get("args", {}))
    raise ValueError("the config has no application named api")


def dispatcher_rows(config: dict[str, Any]) -> list[DispatcherArgs]:
    """The dispatchers of a config."""
    rows = config["applications"]
    return [DispatcherArgs(**row["args"]) for row in rows if row["import_path"] == DISPATCHER]
