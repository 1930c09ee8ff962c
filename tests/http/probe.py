"""A small surface for tests of what every surface shares."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
from fastapi import Depends, WebSocket
from pydantic import BaseModel, ConfigDict, Field

from serve_app.auth import Caller
from serve_app.engines import EngineCard
from serve_app.errors import EngineUnavailable, Saturated
from serve_app.http.dependencies import BackendsDep, CallerDep, PollingCallerDep, caller_for, socket_caller
from serve_app.http.surface import surface


def code_of(answer: httpx.Response) -> str:
    """The code of an answer in the documented form (ERR-016)."""
    body = answer.json()
    assert set(body) == {"success", "error", "code", "requestId"}
    assert body["success"] is False
    assert isinstance(body["error"], str)
    assert body["requestId"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json"
    return str(body["code"])


class Order(BaseModel):
    """A JSON body."""

    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=1, le=10, strict=True)] = 1
    note: str = ""


router = surface("/probe", "probe")


@router.get("/caller")
async def show_caller(caller: CallerDep) -> dict[str, str]:
    return {"team_id": caller.team_id, "key_prefix": caller.key_prefix}


@router.get("/status")
async def show_status(caller: PollingCallerDep) -> dict[str, str]:
    return {"team_id": caller.team_id}


@router.get("/voice")
async def show_voice(caller: Annotated[Caller, Depends(caller_for("voice"))]) -> dict[str, str]:
    return {"team_id": caller.team_id}


@router.post("/orders")
async def take_order(caller: CallerDep, order: Order) -> Order:
    return order


@router.put("/orders")
async def count_orders(caller: CallerDep, count: int) -> int:
    return count


@router.get("/items/{item}")
async def show_item(caller: CallerDep, item: int) -> int:
    return item


@router.get("/broken")
async def break_down(caller: CallerDep, secret: str) -> None:
    raise RuntimeError(f"/srv/app/secret.py failed for {secret}")


@router.get("/saturated")
async def refuse(caller: CallerDep) -> None:
    raise Saturated


@router.get("/engine")
async def no_engine(caller: CallerDep) -> None:
    raise EngineUnavailable


@router.get("/backends")
async def show_backends(caller: CallerDep, backends: BackendsDep) -> list[EngineCard]:
    return list(await backends.models.cards())


@router.websocket("/socket")
async def greet(websocket: WebSocket) -> None:
    caller = await socket_caller(websocket)
    await websocket.accept()
    await websocket.send_json({"type": "ready", "key_prefix": caller.key_prefix})
    await websocket.close()


@router.websocket("/listening-socket")
async def listen(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.receive_text()


@router.websocket("/broken-socket")
async def break_socket(websocket: WebSocket) -> None:
    await websocket.accept()
    details: dict[str, Any] = {}
    details["missing"]
