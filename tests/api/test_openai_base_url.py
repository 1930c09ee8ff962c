"""`/v1` as the base URL of OpenAI's own client: RT-56..58, OAI-011."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from serve_app.app import create_app
from serve_app.core.speech.openai_names import ALIASES
from serve_app.core.video.rules import FULL, VARIANTS
from tests.api.live_api import serving
from tests.fakes import (
    HELLO,
    ScriptedChat,
    ScriptedModels,
    ScriptedRecognizer,
    ScriptedSynthesizer,
    ScriptedVideoGenerator,
    open_backends,
    team_with_key,
)
from tests.flows.captions.scripted_speech import Detector
from tests.flows.transcription.test_file_transcription import TWO, Engine, recording

WAV = ("speech.wav", recording(8).getvalue())
CHAT: dict[str, Any] = {"model": "org/chat", "messages": [{"role": "user", "content": "Say hello."}]}


@pytest.fixture
async def base_url(tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    """The URL and a key."""
    models = ScriptedModels(
        {"whisper": Engine(TWO), "typhoon": ScriptedRecognizer()},
        synthesizers={"cosytts": ScriptedSynthesizer()},
        chats={"org/chat": ScriptedChat("org/chat")},
        video_generators={FULL: ScriptedVideoGenerator(FULL)},
    )
    async with open_backends(tmp_path) as opened:
        backends = replace(opened, models=models, new_detector=lambda: Detector(TWO))
        _, key = await team_with_key(backends)
        async with serving(create_app(backends)) as port:
            yield f"http://127.0.0.1:{port}/v1", key


@pytest.fixture
async def sdk(base_url: tuple[str, str]) -> AsyncIterator[AsyncOpenAI]:
    url, key = base_url
    async with AsyncOpenAI(base_url=url, api_key=key, max_retries=0) as client:
        yield client


async def test_models_of_every_task(sdk: AsyncOpenAI) -> None:
    """RT-56: each under every name that a request may give it."""
    found = (await sdk.models.list()).data
    videos = {name for name, variant in VARIANTS.items() if variant == FULL}
    assert {model.id for model in found} == (
        {"whisper", "whisper-1", "typhoon", "cosytts", "org/chat"} | ALIASES | videos
    )
    assert [model.id for model in found] == sorted(model.id for model in found)
    assert {model.object for model in found} == {"model"}
    assert {str(model.to_dict()["task"]) for model in found} == {"asr", "tts", "llm", "video"}


async def test_one_model(sdk: AsyncOpenAI) -> None:
    """RT-57: all that are listed; an id may have slashes."""
    for model in (await sdk.models.list()).data:
        assert await sdk.models.retrieve(model.id) == model
    with pytest.raises(openai.NotFoundError, match=r"There is no model 'org/other'; there are: .*whisper-1"):
        await sdk.models.retrieve("org/other")


async def test_every_model_that_is_listed_works(sdk: AsyncOpenAI) -> None:
    """RT-56, RT-58: the id is what a request takes."""
    for model in (await sdk.models.list()).data:
        match model.to_dict()["task"]:
            case "asr":
                await sdk.audio.transcriptions.create(model=model.id, file=WAV)
            case "tts":
                await sdk.audio.speech.create(model=model.id, voice="alloy", input="Hello.")
            case "llm":
                answer = await sdk.chat.completions.create(**{**CHAT, "model": model.id})
                assert answer.choices[0].message.content == "".join(HELLO)


async def test_a_streamed_chat(sdk: AsyncOpenAI) -> None:
    """RT-58: as below its own base URL, where neither path is the old one."""
    stream = await sdk.chat.completions.create(**CHAT, stream=True)
    assert [part.choices[0].delta.content async for part in stream] == list(HELLO)
    raw = await sdk.chat.completions.with_raw_response.create(**CHAT)
    assert "deprecation" not in raw.headers


async def test_without_asyncio(base_url: tuple[str, str]) -> None:
    """RT-56, RT-58: the client that most scripts use."""

    def talk() -> tuple[set[str], str | None, str]:
        with OpenAI(base_url=base_url[0], api_key=base_url[1]) as client:
            names = {model.id for model in client.models.list()}
            said = client.chat.completions.create(**CHAT).choices[0].message.content
            return names, said, client.audio.transcriptions.create(model="whisper-1", file=WAV).text

    names, said, heard = await asyncio.to_thread(talk)
    assert "tts-1" in names
    assert (said, heard) == ("".join(HELLO), "Good morning. How are you?")


async def test_what_is_not_here(sdk: AsyncOpenAI) -> None:
    """OAI-011, ERR-017: is the class that callers catch, with a message and a code."""
    missing: list[Callable[[], Any]] = [
        lambda: sdk.images.generate(model="x", prompt="x"),
        lambda: sdk.embeddings.create(model="x", input="x"),
        lambda: sdk.files.list(),
    ]
    for ask in missing:
        with pytest.raises(openai.NotFoundError, match="There is nothing at /v1/") as unknown:
            await ask()
        assert unknown.value.code == "not_found"
    with pytest.raises(openai.NotFoundError, match="there are: org/chat") as unknown:
        await sdk.chat.completions.create(**{**CHAT, "model": "gpt-5"})
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError) as refused:
        await sdk.with_options(api_key="nobody").models.list()
    assert refused.value.code == "unauthorized"
