"""Starts vLLM's engine and its OpenAI layer."""

from __future__ import annotations

import asyncio
import json
import os
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.entrypoints.launchers.api_server.app_state import init_app_state
from vllm.entrypoints.launchers.cli_args import FrontendArgs
from vllm.entrypoints.openai.chat_completion.serving import OpenAIServingChat
from vllm.v1.engine.async_llm import AsyncLLM

from deployments.llm.vllm.errors import keep_refusals_out_of_the_log
from deployments.llm.vllm.heartbeat import Factory
from deployments.llm.vllm.reasoning import counting_once
from deployments.serving.loader import EngineConfigError

PRIVATE = {"VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}
"""vLLM tells nobody what runs here, and asks no hub for anything."""


def context_of(folder: Path) -> int:
    """Tokens that a checkpoint was made for. Raises EngineConfigError where there is none."""
    if not (path := folder / "config.json").is_file():  # vLLM would ask a hub for it
        raise EngineConfigError(f"model: there is no {path}")
    return int(json.loads(path.read_text(encoding="utf-8"))["max_position_embeddings"])


async def start_engine(
    engine_args: AsyncEngineArgs, frontend_args: FrontendArgs, loggers: list[Factory]
) -> tuple[AsyncLLM, OpenAIServingChat]:
    """Start the engine's process and wait until its weights are loaded, which may take minutes."""
    os.environ.update(PRIVATE)
    keep_refusals_out_of_the_log()
    engine = await asyncio.to_thread(AsyncLLM.from_engine_args, engine_args, stat_loggers=loggers)
    state: Any = SimpleNamespace()
    args = Namespace(**(vars(frontend_args) | vars(engine_args)))
    await init_app_state(engine, state, args, await engine.get_supported_tasks())
    serving: OpenAIServingChat = state.openai_serving_chat
    if serving.parser_cls is not None:
        serving.parser_cls = counting_once(serving.parser_cls)
    return engine, serving
