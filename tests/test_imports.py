"""Every name that a module imports from the project exists, also where a function imports it late."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("serve_app", "deployments", "demo", "loadtests", "training", "tests")
MODULES = sorted(module for package in PACKAGES for module in (ROOT / package).rglob("*.py"))


def imported(module: Path) -> Iterator[tuple[str, str]]:
    """Module and name of each `from ... import ...` of ours. Nothing is run: engines import torch."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in PACKAGES:
            yield from ((node.module or "", alias.name) for alias in node.names)


def exists(module: str, name: str) -> bool:
    """Whether a module has a name, or is a package with a module of that name."""
    place = ROOT.joinpath(*module.split("."))
    if (place / f"{name}.py").exists() or (place / name).is_dir():
        return True
    source = place.with_suffix(".py")
    source = source if source.exists() else place / "__init__.py"
    return source.exists() and name in names(source)


def names(source: Path) -> set[str]:
    """What the top of a module defines, assigns or imports, also under an `if`."""
    found = set[str]()
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def test_all_modules_are_looked_at() -> None:
    """An empty list would prove nothing."""
    assert len(MODULES) > 500


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(ROOT)))
def test_every_import_of_ours_exists(module: Path) -> None:
    """The making of a load test's audio failed on a fresh machine only: it imports the voices late."""
    missing = [f"{source}.{name}" for source, name in imported(module) if not exists(source, name)]
    assert not missing
