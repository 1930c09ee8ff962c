"""A language model on vLLM 0.29: its engine in a process beside this one, its OpenAI layer in this one.

The layer brings chat templates, tools, structured outputs, logprobs, reasoning and usage; only its HTTP
server is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.entrypoints.launchers.cli_args import FrontendArgs
from vllm.entrypoints.openai.chat_completion.serving import OpenAIServingChat
from vllm.platforms import current_platform
from vllm.v1.engine.async_llm import AsyncLLM

from deployments.llm.coalesce import joined
from deployments.llm.vllm.answers import parts_of, used_so_far
from deployments.llm.vllm.errors import public_errors
from deployments.llm.vllm.heartbeat import Pulse, stat_loggers
from deployments.llm.vllm.launch import context_of, start_engine
from deployments.llm.vllm.request import completion_request, wants_usage
from serve_app.engines import ChatPart, ChatRequest, EngineCard
from serve_app.errors import EngineUnavailable

PARTS_PER_S = 640
"""Of one replica: each of 32 readers still sees 20 a second, which reads as one flow, and a lone one every
token. vLLM puts what comes in between into one chunk, so that many streams cost it, Ray and the gateway a few
steps each instead of one for each token."""
HANGS_AFTER_S = 60.0
"""A step takes some 20 ms; the longest pause is a large grammar that is being compiled."""


class VllmChat:
    """Implements `deployments.llm.replica.ChatEngine`."""

    def __init__(
        self,
        model: str,
        *,
        name: str = "qwen3-4b",
        dtype: str = "auto",
        max_model_len: int | None = None,
        max_num_seqs: int = 32,
        gpu_memory_utilization: float = 0.9,
        quantization: str | None = None,
        thinking: bool = False,
        tool_parser: str | None = "hermes",
        reasoning_parser: str = "qwen3",
        enable_prefix_caching: bool = True,
        metrics: bool = False,
        engine: Mapping[str, Any] | None = None,
    ) -> None:
        """`model` is the folder of a checkpoint; nothing is downloaded.

        `max_num_seqs` generations run at once, each of at most `max_model_len` tokens with its prompt. With
        `thinking` the model thinks before it answers, unless a request says otherwise in
        `chat_template_kwargs.enable_thinking`. `metrics` gives vLLM's own to Ray, and `engine` has further
        engine arguments of vLLM. Raises EngineConfigError for a folder without a checkpoint.
        """
        context = max_model_len or context_of(Path(model))
        self._engine_args = AsyncEngineArgs(
            model=model,
            served_model_name=[name],
            dtype=dtype,
            max_model_len=context,
            max_num_seqs=max_num_seqs,
            gpu_memory_utilization=gpu_memory_utilization,
            quantization=quantization,
            reasoning_parser=reasoning_parser,
            enable_prefix_caching=enable_prefix_caching,
            disable_log_stats=True,
            **(engine or {}),
        )
        self._frontend_args = FrontendArgs(
            default_chat_template_kwargs={"enable_thinking": thinking},
            enable_auto_tool_choice=tool_parser is not None,
            tool_call_parser=tool_parser,
            enable_prompt_tokens_details=True,
            fingerprint_mode="hash",
        )
        self._name = name
        self._pulse = Pulse()
        self._loggers = stat_loggers(self._pulse, metrics)
        self._engine: AsyncLLM | None = None
        self._serving: OpenAIServingChat | None = None
        self.places = max_num_seqs
        self.card = EngineCard(
            engine=name,
            impl=f"vllm:{Path(model).name}",
            embedded=False,
            note="Thinks before it answers." if thinking else "",
            device=current_platform.device_type,
            context_tokens=context,
        )

    async def start(self) -> None:
        """Load the weights, set memory aside for the cache and say a first word."""
        self._engine, self._serving = await start_engine(
            self._engine_args, self._frontend_args, self._loggers
        )
        hello = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}
        async for _ in self.chat(ChatRequest(self._name, hello, stream=True)):
            pass

    async def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        """Generate. Raises InvalidRequest, EngineUnavailable and GenerationFailed; closing it aborts."""
        async with aclosing(joined(self._parts(request))) as groups:
            async for parts in groups:
                yield ChatPart(tuple(chunk for part in parts for chunk in part.chunks), parts[-1].usage)
                await asyncio.sleep(self.running() / PARTS_PER_S)

    async def _parts(self, request: ChatRequest) -> AsyncGenerator[ChatPart, None]:
        if self._engine is None or self._serving is None or self._engine.errored:
            raise EngineUnavailable()
        if not self.running():
            self._pulse.beat()
        with public_errors(self._engine, request.body):
            completion = completion_request(request, self._name)
            answer = await self._serving.create_chat_completion(completion)
            async with aclosing(parts_of(answer, tell_usage=wants_usage(request))) as parts:
                async for part in parts:
                    yield replace(part, usage=part.usage or used_so_far(self._engine, completion))

    def check_health(self) -> None:
        """Raise RuntimeError when the engine's process is dead, or has work and makes no step."""
        if self._engine is not None and self._engine.errored:
            raise RuntimeError("the engine of vLLM is dead")
        if self.running() and self._pulse.age_s > HANGS_AFTER_S:
            raise RuntimeError(f"vLLM has made no step for {self._pulse.age_s:.0f} s")

    def running(self) -> int:
        """Generations in the engine now; a request for several choices counts as several."""
        return self._engine.output_processor.get_num_unfinished_requests() if self._engine else 0

    def close(self) -> None:
        """End the engine's process."""
        if self._engine is not None:
            self._engine.shutdown()
            self._engine = self._serving = None
