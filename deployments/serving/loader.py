"""Turns a config row's `package.module:Class` and options into an engine object."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from importlib import import_module, metadata
from typing import Any

from deployments.checkpoints.errors import CheckpointError
from deployments.checkpoints.options import with_paths
from serve_app.errors import EngineNotInstalled

PACKAGE = "kaleido-serve"
BY_HAND = {"f5_tts": f"pip install '{PACKAGE}[f5]' && pip install --no-deps f5-tts==1.1.22"}
"""What no extra can install: F5-TTS also asks for its trainer's packages, which conflict with others."""
OURS = ("deployments", "serve_app", "tests")


class EngineConfigError(ValueError):
    """A config row names an engine class or an option that does not exist; read by operators only."""


class WeightsUnavailable(EngineConfigError):
    """Weights that a row names are not on this machine, or are other bytes than they should be."""


def load_engine(path: str, options: Mapping[str, Any] | None = None) -> Any:
    """Build the engine `path` (`"deployments.asr.embedded.thai:EmbeddedRecognizer"`) with its options.

    `{weights: NAME}` in an option becomes the path of those weights, `{weights: NAME, file: FILE}` that of
    a file in them. Raises EngineNotInstalled when a package it needs is missing, WeightsUnavailable,
    EngineConfigError for an unknown module, class or option.
    """
    engine = imported(path, type)
    try:
        options = with_paths(options or {})
    except CheckpointError as problem:
        raise WeightsUnavailable(f"{path}: {problem}") from problem
    try:
        inspect.signature(engine).bind(**options)
    except TypeError as mismatch:
        accepted = ", ".join(inspect.signature(engine).parameters) or "none"
        raise EngineConfigError(f"{path}: {mismatch} (its options: {accepted})") from None
    return engine(**options)


def imported(path: str, kind: type) -> Any:
    """What a config row calls `package.module:name`, an instance of `kind`.

    Raises EngineNotInstalled when a package it needs is missing, EngineConfigError when there is none.
    """
    module, _, name = path.partition(":")
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError as missing:
        raise _missing_module(path, missing.name or module) from missing
    if not isinstance(found, kind):
        wanted = "class" if kind is type else kind.__name__
        raise EngineConfigError(f"{path}: module {module} has no {wanted} {name or '(none given)'}")
    return found


def _missing_module(path: str, module: str) -> Exception:
    package = module.partition(".")[0]
    if package in OURS:
        return EngineConfigError(f"{path}: there is no module {module}")
    extra = _extra_with(package)
    install = f"pip install '{PACKAGE}[{extra}]'" if extra else BY_HAND.get(package, f"pip install {package}")
    return EngineNotInstalled(f"The engine {path} needs the package {package}: {install}")


def _extra_with(package: str) -> str | None:
    """The optional extra of this project that installs a package; pyproject.toml is the one list of them."""
    try:
        requirements = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        return None
    for requirement in requirements:
        name = re.match(r"[\w.-]+", requirement)
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)['\"]", requirement)
        if name and extra and _normal(name[0]) == _normal(package):
            return extra[1]
    return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
