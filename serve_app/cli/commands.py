"""The operator's tool `kaleido`: teams, members and keys, directly on this machine's store."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from serve_app.cli.operation import FiniteRange, OperatorContext, Row, Rows, operation
from serve_app.core.roles import Role
from serve_app.flows.accounts.team_keys import TeamKey, override
from serve_app.flows.accounts.teams import Team
from serve_app.plans import DEFAULT, plan

ONCE = "Keep it safe: it is shown this once."

plans_option = click.option(
    "--plans",
    type=click.Path(dir_okay=False, path_type=Path),
    default="configs/plans.yaml",
    envvar="KALEIDO_PLANS",
    show_default=True,
    help="File of the quota plans.",
)


@click.group()
def main() -> None:
    """Look after the teams and keys of a Kaleido server; KALEIDO_DATA or KALEIDO_STORE_URL say which."""


@main.group()
def teams() -> None:
    """Teams."""


@teams.command("create")
@click.argument("name")
@click.option("--owner", default="owner@localhost", show_default=True, help="E-mail of the first owner.")
@click.option("--plan", "plan_name", default=DEFAULT, show_default=True)
@plans_option
@operation
async def create_team(desk: OperatorContext, name: str, owner: str, plan_name: str, plans: Path) -> Rows:
    """Create a team with its first owner."""
    team, token = await desk.teams.create(name, owner, plan_name, plan(plans, plan_name))
    return {**_team_row(team), "owner": owner, "owner_token": token.reveal(), "note": ONCE}


@teams.command("list")
@operation
async def list_teams(desk: OperatorContext) -> Rows:
    """List all teams."""
    return [_team_row(team) for team in await desk.teams.all()]


@main.group()
def members() -> None:
    """People who look after a team's keys."""


@members.command("add")
@click.argument("team")
@click.argument("email")
@click.option("--role", type=click.Choice([*map(str, Role)]), default=str(Role.MEMBER), show_default=True)
@operation
async def add_member(desk: OperatorContext, team: str, email: str, role: str) -> Rows:
    """Add a person to a team (id or name)."""
    found = await desk.teams.find(team)
    member, token = await desk.teams.add_member(found.id, email, Role(role))
    return {**asdict(member), "token": token.reveal(), "note": ONCE}


@members.command("list")
@click.argument("team")
@operation
async def list_members(desk: OperatorContext, team: str) -> Rows:
    """List the people of a team (id or name)."""
    return [asdict(member) for member in (await desk.teams.find(team)).members]


@members.command("remove")
@click.argument("team")
@click.argument("member_id")
@operation
async def remove_member(desk: OperatorContext, team: str, member_id: str) -> Rows:
    """Remove a person from a team (id or name)."""
    found = await desk.teams.find(team)
    await desk.teams.remove_member(found.id, member_id)
    return {"id": member_id, "status": "removed"}


@main.group()
def keys() -> None:
    """API keys."""


@keys.command("create")
@click.argument("team")
@click.option("--name", default="", help="What the key is for.")
@click.option("--plan", "plan_name", help="Another plan than the team's.")
@click.option("--rpm", "requests_per_minute", type=click.IntRange(1, 1_000_000))
@click.option("--sessions", "concurrent_sessions", type=click.IntRange(0, 10_000))
@click.option("--audio-seconds", "daily_audio_seconds", type=FiniteRange(0, 1e9))
@plans_option
@operation
async def create_key(
    desk: OperatorContext, team: str, name: str, plan_name: str | None, plans: Path, **limits: float | None
) -> Rows:
    """Create a key for a team (id or name)."""
    team_keys = await desk.team_keys(team)
    policy = plan(plans, plan_name) if plan_name else team_keys.team.policy
    key, raw = await team_keys.create(name, override(policy, limits))
    return {"api_key": raw.reveal(), **_key_row(key), "note": ONCE}


@keys.command("list")
@click.argument("team")
@operation
async def list_keys(desk: OperatorContext, team: str) -> Rows:
    """List the keys of a team (id or name)."""
    return [_key_row(key) for key in await (await desk.team_keys(team)).all()]


@keys.command("revoke")
@click.argument("prefix")
@operation
async def revoke_key(desk: OperatorContext, prefix: str) -> Rows:
    """Stop a key."""
    return _key_row(await (await desk.owner_of(prefix)).revoke(prefix))


@keys.command("restore")
@click.argument("prefix")
@operation
async def restore_key(desk: OperatorContext, prefix: str) -> Rows:
    """Make a revoked key work again."""
    return _key_row(await (await desk.owner_of(prefix)).restore(prefix))


@keys.command("usage")
@click.argument("team")
@operation
async def usage(desk: OperatorContext, team: str) -> Rows:
    """Show what a team (id or name) may use and used today."""
    used = asdict(await (await desk.team_keys(team)).usage(desk.limits))
    return {**used.pop("policy"), **used}


def _team_row(team: Team) -> Row:
    return {"id": team.id, "name": team.name, "plan": team.plan, **asdict(team.policy)}


def _key_row(key: TeamKey) -> Row:
    dates = {"created_at": _date(key.created_at), "revoked_at": _date(key.revoked_at)}
    return {"prefix": key.prefix, "name": key.name, **asdict(key.policy), **dates}


def _date(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
