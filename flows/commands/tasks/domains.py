"""`factory domains`: every domain with its tools, composers, verifiers, probes, share and needs."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import open_warehouse

if TYPE_CHECKING:
    from flows.tasks.overview import Overview


def domains(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of objects, one per domain.")] = False,
) -> None:
    """List the domains: tools, composers, verifiers, probes, share of the next night, and what each needs to run."""
    import json
    from dataclasses import asdict

    from flows.tasks.overview import overviews

    with open_warehouse() as (con, settings):
        found = overviews(settings, con)
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
    else:
        _print(found)


def _print(found: "list[Overview]") -> None:
    from rich.console import Console

    from warehouse.console.terminal import cell, empty_table

    console = Console()
    for one in found:
        table = empty_table(("", one.domain))
        for label, value in _lines(one).items():
            table.add_row(cell(label), cell(value, most=2_000))
        console.print(table)


def _lines(one: "Overview") -> dict[str, str]:
    used = [f"{name}{'' if on else ' (off)'}" for name, on in one.composers.items()]
    probes = [f"{name} {counts}" for name, counts in one.probes.items()]
    return {
        "share": f"{one.share:.0%}" if one.share else "0 (add it to [tasks.share])",
        "environment": one.environment,
        "tools": ", ".join(one.tools),
        "composers": ", ".join(used) or "none",
        "verifiers": ", ".join(one.verifiers),
        "policies": ", ".join(one.policies) or "none: cannot be rehearsed",
        "probes passed": ", ".join(probes) or "no task yet",
        "needs": ", ".join(one.needs) or "nothing",
    }
