"""Every sample of the documentation runs as it stands."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tests.docs.samples import Sample, pages, samples

SAMPLES = list(samples())
NOT_RUN = {
    "make demo": "starts a cluster with the real engines, and all tests",
    "kaleido models": "fetches gigabytes",
    "python -m deployments.asr.nemo.convert_typhoon": "wants a checkpoint of gigabytes",
    "pip install 'kaleido-serve[ltx23]'": "downloads models for a GPU",
    "OPENAI_BASE_URL=": "wants the other server, in an environment of its own",
}
"""How blocks of the shell begin that cannot run everywhere, and why."""
PATIENCE_S = 60
NAMES = Path(__file__).parent / "names.mjs"


def of(*languages: str) -> list[object]:
    """Test cases of the blocks in these languages, named by their places."""
    return [
        pytest.param(sample, id=f"{sample.page}:{sample.line}")
        for sample in SAMPLES
        if sample.language in languages and not sample.text.startswith(tuple(NOT_RUN))
    ]


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """What a program prints; fails with all it says."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def node() -> list[str]:
    """Node with the WebSocket of browsers, which version 22 has without asking."""
    command = ["node", "--experimental-websocket"]
    if subprocess.run([*command, "-e", "WebSocket"], capture_output=True).returncode:
        pytest.skip("node has no WebSocket: 20.10 or newer has")
    return command


def test_every_block_is_run_or_read() -> None:
    """Blocks say their language; what is not run is in the table, and nothing else is."""
    assert {sample.language for sample in SAMPLES} == {"bash", "python", "js", "json", "yaml", "text"}
    assert len({page.name for page in pages()}) > 10
    shell = [sample.text for sample in SAMPLES if sample.language == "bash"]
    for beginning in NOT_RUN:
        assert sum(text.startswith(beginning) for text in shell) == 1, beginning


@pytest.mark.parametrize("sample", of("bash"))
def test_shell(sample: Sample, folder: Path, environment: Mapping[str, str]) -> None:
    """RT-04, RT-07..12, RT-19, RT-48, RT-51, RT-52, KEY-004: no command fails, no answer is an error, and
    what is kept in a file is there."""
    kept = [folder / name for name in re.findall(r"-o (\S+)", sample.text)]
    for file in kept:
        file.unlink(missing_ok=True)
    printed = run(["bash", "-euo", "pipefail", "-c", sample.text], folder, environment)
    assert printed or kept
    assert all(file.stat().st_size for file in kept)


@pytest.mark.parametrize("sample", of("python"))
def test_python(sample: Sample, folder: Path, environment: Mapping[str, str]) -> None:
    """RT-03, RT-48, RT-51, LLM-001: captions, a transcription, speech and a chat."""
    (folder / "hello.wav").unlink(missing_ok=True)
    printed = run([sys.executable, "-c", sample.text], folder, environment)
    assert "print(" not in sample.text or printed
    assert "hello.wav" not in sample.text or (folder / "hello.wav").stat().st_size


@pytest.mark.parametrize("sample", of("js"))
def test_javascript(sample: Sample, node_client: Path, folder: Path, environment: Mapping[str, str]) -> None:
    """RT-03, LLM-001: captions and a chat; they show something and come to an end."""
    (node_client / "sample.mjs").write_text(sample.text, encoding="utf-8")
    names = {**environment, "SPEECH": str(folder / "speech.wav")}
    assert run([*node(), "--import", str(NAMES), "sample.mjs"], node_client, names).strip()


@pytest.mark.parametrize("sample", of("json", "yaml"))
def test_examples_are_well_formed(sample: Sample) -> None:
    """Answers and rows of a configuration; engines that they name exist."""
    assert json.loads(sample.text) if sample.language == "json" else yaml.safe_load(sample.text)
    for module, name in re.findall(r"(deployments[\w.]+):(\w+)", sample.text):
        path = Path(*module.split(".")).with_suffix(".py")
        defined = ast.walk(ast.parse((Path(__file__).parents[2] / path).read_text(encoding="utf-8")))
        assert name in {getattr(node, "name", "") for node in defined}
