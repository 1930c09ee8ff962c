"""The operator's tool."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from serve_app.auth import Caller, KeyRing, Policy, pepper
from serve_app.cli.commands import main
from serve_app.clock import SystemClock
from serve_app.errors import InvalidRequest, KaleidoError
from serve_app.plans import load_plans, plan
from serve_app.settings import Settings
from serve_app.stores import open_store

PLANS = Path(__file__).parent.parent.parent / "configs" / "plans.yaml"


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tool works on a data folder of its own, from any folder."""
    monkeypatch.setenv("KALEIDO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KALEIDO_PLANS", str(PLANS))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def kaleido(*words: str) -> Result:
    result = CliRunner().invoke(main, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def ok(*words: str) -> Any:
    """What a command prints as JSON."""
    result = kaleido(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def authenticate(raw: str) -> Caller | str:
    """What a server on the same data folder says to this key."""

    async def ask() -> Caller | str:
        settings = Settings()
        store = open_store(settings)
        try:
            return await KeyRing(store, pepper(settings), SystemClock()).authenticate(raw)
        except KaleidoError as error:
            return error.code
        finally:
            await store.close()

    return asyncio.run(ask())


def test_from_nothing_to_a_working_key() -> None:
    """KEY-001, KEY-002, KEY-004: a team, a key, revoked and restored; a server on the same store agrees."""
    team = ok("teams", "create", "school", "--owner", "o@example.com")
    key = ok("keys", "create", "school", "--name", "classroom 1")
    assert authenticate(key["api_key"]) == Caller(team["id"], "school", key["prefix"], Policy())
    assert ok("keys", "revoke", key["prefix"])["revoked_at"]
    assert authenticate(key["api_key"]) == "unauthorized"
    assert ok("keys", "restore", key["prefix"])["revoked_at"] is None
    assert isinstance(authenticate(key["api_key"]), Caller)
    assert [listed["prefix"] for listed in ok("keys", "list", team["id"])] == [key["prefix"]]


def test_a_raw_key_is_shown_once(data: Path) -> None:
    """KEY-003: no later command and no file tells it."""
    token = ok("teams", "create", "school")["owner_token"]
    raw = ok("keys", "create", "school")["api_key"]
    later = [kaleido(*words).output for words in (("keys", "list", "school"), ("members", "list", "school"))]
    kept = b"".join(file.read_bytes() for file in data.iterdir())
    for secret in (raw.split("_")[2], token.split("_")[2]):
        assert not any(secret in output for output in later)
        assert secret.encode() not in kept


def test_limits_of_a_new_key() -> None:
    """QUO-001: the team's plan, another plan, or single limits."""
    ok("teams", "create", "school", "--plan", "classroom")
    assert ok("keys", "create", "school")["concurrent_sessions"] == 30
    assert ok("keys", "create", "school", "--plan", "default")["requests_per_minute"] == 120
    own = ok("keys", "create", "school", "--rpm", "7", "--sessions", "1", "--audio-seconds", "60.5")
    assert (own["requests_per_minute"], own["concurrent_sessions"], own["daily_audio_seconds"]) == (
        7,
        1,
        60.5,
    )


def test_members() -> None:
    """KEY-005: the operator adds, lists and removes people; the last owner stays."""
    ok("teams", "create", "school")
    added = ok("members", "add", "school", "a@example.com", "--role", "admin")
    assert [member["role"] for member in ok("members", "list", "school")].count("admin") == 1
    assert ok("members", "remove", "school", added["id"])["status"] == "removed"
    (owner,) = ok("members", "list", "school")
    refused = kaleido("members", "remove", "school", owner["id"])
    assert (refused.exit_code, refused.output) == (1, "Error: A team keeps at least one owner.\n")


def test_names_and_addresses_are_taken_once() -> None:
    """KEY-016, KEY-017: the operator meets the same rules as callers."""
    ok("teams", "create", "Acme School")
    ok("members", "add", "acme school", "A@X.example")
    for words in (("teams", "create", "ACME  school"), ("members", "add", "Acme School", "a@x.example")):
        refused = kaleido(*words)
        assert (refused.exit_code, "already" in refused.output) == (1, True)
    assert len(ok("teams", "list")) == 1
    assert len(ok("members", "list", "ACME SCHOOL")) == 2


def test_usage() -> None:
    """KEY-004, QUO-001: what the team may use and used today."""
    ok("teams", "create", "school")
    shown = ok("keys", "usage", "school")
    assert (shown["requests_per_minute"], shown["today_audio_seconds_used"], shown["sessions_held"]) == (
        120,
        0,
        0,
    )


def test_tables_are_for_people() -> None:
    """KEY-004: without --json a table; an empty list says so."""
    assert kaleido("teams", "list").output == "(none)\n"
    team = ok("teams", "create", "โรงเรียน")
    header, row = kaleido("teams", "list").output.splitlines()
    assert header.split()[:3] == ["id", "name", "plan"]
    assert row.split()[:3] == [team["id"], "โรงเรียน", "default"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("keys", "create", "nowhere"), "There is no such team."),
        (("keys", "revoke", "abcd1234"), "No key has this prefix."),
        (("keys", "usage", "nowhere"), "There is no such team."),
        (("teams", "create", "x", "--plan", "gold"), "There is no plan 'gold'"),
        (("members", "add", "nowhere", "a@example.com"), "There is no such team."),
        (("teams", "create", " "), "name: It needs a character that can be seen."),
        (("teams", "create", "x" * 101), "name: It may have 100 characters."),
        (("teams", "create", "x", "--owner", "nobody"), "owner: It is not an e-mail address."),
    ],
)
def test_errors_are_one_line(words: tuple[str, ...], told: str) -> None:
    """ERR-020: exit code 1 and a sentence, never a trace."""
    result = kaleido(*words)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {told}")
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [("KALEIDO_DATA", "/dev/null/x"), ("KALEIDO_STORE_URL", "ftp://x"), ("KALEIDO_PORT", "eighty")],
)
def test_wrong_settings_are_told(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    """ERR-020: a wrong environment is told without a trace."""
    monkeypatch.setenv(variable, value)
    result = kaleido("teams", "list")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


def test_the_plan_file(tmp_path: Path) -> None:
    """QUO-001: the default plan is 120/3/3600, with or without a file; a wrong file is refused."""
    assert plan(PLANS, "default") == Policy(120, 3, 3600) == plan(tmp_path / "none.yaml", "default")
    assert set(load_plans(PLANS)) >= {"default", "classroom", "load-test"}
    wrong = tmp_path / "plans.yaml"
    for text in ("default: {requests_per_minute: 0}", "default: 5", "a: [", "- x", "x: {y: 1}"):
        wrong.write_text(text)
        with pytest.raises(InvalidRequest):
            load_plans(wrong)
