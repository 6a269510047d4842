"""`factory rehearse`: plays domains without a model, and shows how long their tasks are."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import read_settings
from flows.commands.exit import fail, plain_errors

if TYPE_CHECKING:
    from datetime import date

    from flows.domains import Domain
    from flows.rollout.rehearsal.rehearse import Rehearsed
    from flows.settings import Settings


def rehearse(
    domain: Annotated[str | None, typer.Argument(help="A domain; default: those with policies and a share.")] = None,
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Tasks per domain.")] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of objects, one per policy.")] = False,
) -> None:
    """Play tasks with the domain's scripted policies through the real rollout, without a model.

    Exit code 1 if an oracle fails at a task, or a shortcut solves one.
    """
    import json

    from rich.console import Console

    from flows.rollout.rehearsal.display import rehearsal_tables
    from flows.rollout.rehearsal.rehearse import rehearse as rehearse_domain
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings, found = read_settings(), list["Rehearsed"]()
        for one in _chosen(settings, domain):
            with stage_bar("rehearse", settings.state) as report:
                found += rehearse_domain(settings, one, n, _compose, report)
    if as_json:
        typer.echo(json.dumps([one.as_dict() for one in found], indent=2))
    else:
        tokenizer = settings.teacher.tokenizer or "a splitter without a vocabulary"
        Console().print(*rehearsal_tables(found, tokenizer))
    if wrong := [one for one in found if _is_wrong(one)]:
        names = ", ".join(f"{one.domain} {one.engine} {one.solved:.0%}" for one in wrong)
        fail(f"an oracle must solve all tasks, and a shortcut none: {names}")


def _is_wrong(one: "Rehearsed") -> bool:
    return one.solved < 1 if one.engine == "oracle" else one.engine.startswith("shortcut:") and one.solved > 0


def _chosen(settings: "Settings", name: str | None) -> "list[Domain]":
    from flows.domains import domain, domains
    from flows.tasks.composers import quotas

    if name is not None:
        try:
            return [domain(name)]
        except LookupError as error:
            fail(str(error.args[0]))
    shared = {quota.domain.name for quota in quotas(settings)}
    found = [one for one in domains().values() if one.policies and one.name in shared]
    return found or [one for one in domains().values() if one.policies]


def _compose(settings: "Settings", day: "date") -> None:
    from flows.rollout.writer import open_writer
    from flows.tasks.compose import run_tasks
    from warehouse.console.progress import silent

    run_tasks(settings, day, silent, open_writer)
