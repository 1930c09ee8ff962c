"""The rows of `configs/*.yaml`: one model each, or the API; and how a model row becomes a replica."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from deployments.asr.replica import RecognizerReplica
from deployments.loader import load_engine
from deployments.tts.replica import SynthesizerReplica
from serve_app.settings import Settings

Task = Literal["asr", "tts"]
MODEL = "deployments.apps:model"


class ModelArgs(BaseModel):
    """`args` of a model row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: Task
    name: str
    """Public engine name, for example `typhoon`."""
    engine: str
    """`package.module:Class`."""
    options: dict[str, Any] = {}
    """Keyword arguments of the engine class."""
    replica: dict[str, Any] = {}
    """Keyword arguments of the replica class, for example `max_batch_items`."""

    @property
    def application(self) -> str:
        """Name of the Serve application under which callers look this model up."""
        return application_name(self.task, self.name)


class ApiArgs(BaseModel):
    """`args` of an API row."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settings: dict[str, Any] = {}
    """Fields of `serve_app.settings.Settings` that this row fixes; the environment gives the others."""

    def build_settings(self) -> Settings:
        """Settings of the machine this runs on."""
        return Settings(**self.settings)


def application_name(task: Task, name: str) -> str:
    """The convention by which a model is found: `asr-typhoon`."""
    return f"{task}-{name}"


def build_replica(args: ModelArgs) -> RecognizerReplica | SynthesizerReplica:
    """Load the engine of a row and put its replica around it. Raises what `load_engine` raises."""
    engine = load_engine(args.engine, args.options)
    if args.task == "asr":
        return RecognizerReplica(engine, args.name, **args.replica)
    return SynthesizerReplica(engine, args.name, **args.replica)


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
