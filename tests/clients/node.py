"""OpenAI's JavaScript client, installed by its lock file, and what it prints."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

CLIENT = Path(__file__).parent / "openai_node"


async def run(*command: str | Path) -> str:
    """What a program prints; fails with its complaint."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    printed, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return printed.decode()


@pytest.fixture(scope="session")
def node_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the client."""
    if not (shutil.which("node") and (npm := shutil.which("npm"))):
        pytest.skip("node and npm are not installed: apt install nodejs npm")
    folder = tmp_path_factory.mktemp("node") / "client"
    shutil.copytree(CLIENT, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = [npm, "ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"]
    installed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100)
    if installed.returncode != 0:
        pytest.skip(f"npm ci found no registry: {installed.stderr.strip().splitlines()[-1]}")
    return folder


async def seen_by_node(client: Path, base_url: str, key: str) -> dict[str, Any]:
    """What the client met on its walk through a server."""
    seen: dict[str, Any] = json.loads(await run("node", client / "client.mjs", base_url, key))
    return seen
