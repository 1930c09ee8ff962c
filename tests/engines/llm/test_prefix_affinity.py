"""Which replica a conversation goes to."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from deployments.llm.prefix_affinity import beginning_of, preferred
from serve_app.engines import ChatRequest

IDLE = dict.fromkeys("abcd", 0)
SYSTEM = {"role": "system", "content": "Be kind."}


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def asks(*messages: Any, team: str = "team") -> ChatRequest:
    return ChatRequest("qwen3-4b", {"messages": list(messages)}, stream=True, team=team)


def test_the_turns_of_a_conversation_begin_alike() -> None:
    """LLM-003: what came after the first question changes nothing; another question or team does."""
    first = beginning_of(asks(SYSTEM, user("Hello")))
    assert (
        beginning_of(asks(SYSTEM, user("Hello"), {"role": "assistant", "content": "Hi"}, user("?"))) == first
    )
    others = [asks(SYSTEM, user("Bye")), asks(user("Hello")), asks(SYSTEM, user("Hello"), team="other")]
    assert len({first, *map(beginning_of, others)}) == 4


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_any_body_has_a_beginning(messages: Any) -> None:
    """LLM-007: a router must not fail over what an engine will refuse."""
    assert beginning_of(ChatRequest("qwen3-4b", {"messages": messages}, stream=False))


def test_conversations_spread_evenly() -> None:
    """LLM-009: over idle replicas, with no one to keep count."""
    first = Counter(preferred(str(number).encode(), IDLE, slack=8)[0] for number in range(4000))
    assert all(abs(count - 1000) < 150 for count in first.values())


@given(st.binary())
def test_a_replica_that_goes_moves_its_own_only(beginning: bytes) -> None:
    """LLM-009: the order of the others stays."""
    order = preferred(beginning, IDLE, slack=8)
    rest = preferred(beginning, {name: 0 for name in IDLE if name != order[0]}, slack=8)
    assert list(rest) == list(order[1:])


@given(
    st.binary(),
    st.dictionaries(st.text("abcdef", min_size=1), st.integers(0, 99), min_size=1),
    st.integers(0, 9),
)
def test_a_busy_replica_is_passed_over(beginning: bytes, loads: dict[str, int], slack: int) -> None:
    """LLM-009: the first is never over `slack` busier than any, and all are tried in the end."""
    order = preferred(beginning, loads, slack)
    assert loads[order[0]] <= min(loads.values()) + slack
    assert sorted(order) == sorted(loads)
