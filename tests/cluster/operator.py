"""An operator's shell on a running cluster, in its own process: one JSON command per line in, one answer out.

It uses the standard calls (`serve.delete`, the client call behind `serve run`), and calls models through
`deployments.ray_cluster.models` as the gateway does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import ray
from ray import serve
from ray.serve.context import _get_global_client
from ray.serve.schema import ServeDeploySchema

from deployments.ray_cluster.models import ClusterModels
from serve_app.engines import ASR, SAMPLE_RATE, TTS, Speech, SpeechRequest
from serve_app.errors import KaleidoError
from tests.engines.serving.letter_count import COUNT

MODELS = ClusterModels()


def deploy(config: dict[str, Any]) -> str:
    """Make the cluster match a config, as `serve deploy` does."""
    client = _get_global_client()
    assert client is not None
    client.deploy_apps(ServeDeploySchema.model_validate(config))
    return "accepted"


def status() -> dict[str, str]:
    """Application -> status."""
    return {name: application.status for name, application in serve.status().applications.items()}


async def transcribe(seconds: float, first: float = 0.0) -> str:
    """Words of silence that starts with one sample, or the code of the error."""
    audio = np.zeros(int(seconds * SAMPLE_RATE), np.float32)
    audio[0] = first
    try:
        heard = await (await MODELS.find(ASR, "typhoon")).transcribe(audio, final=True)
    except KaleidoError as error:
        return error.code
    return " ".join(word.text for word in heard.words)


async def synthesize(text: str) -> str:
    """Length of the speech in samples, or the code of the error."""
    try:
        synthesizer = await MODELS.find(TTS, "f5")
        *_, speech = [item async for item in synthesizer.synthesize(SpeechRequest(text, "th", "f5", 0))]
    except KaleidoError as error:
        return error.code
    assert isinstance(speech, Speech)
    return str(len(speech.samples))


async def count(text: str) -> str:
    """How many letters a model of a task of the tests finds, and which; or the code of the error."""
    try:
        counter = await MODELS.find(COUNT, "thai-letters")
        return " ".join([str(await counter.count(text)), *[letter async for letter in counter.spell(text)]])
    except KaleidoError as error:
        return error.code


async def main() -> None:
    """Serve commands until the input ends."""
    commands: dict[str, Callable[..., Awaitable[str]]] = {
        "transcribe": transcribe,
        "synthesize": synthesize,
        "count": count,
    }
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, *arguments = json.loads(line)
        if name in commands:
            answer: Any = await commands[name](*arguments)
        else:
            answer = await asyncio.to_thread(deploy if name == "deploy" else status, *arguments)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    ray.init(address=sys.argv[1], log_to_driver=False, logging_level=logging.ERROR, namespace="serve")
    asyncio.run(main())
