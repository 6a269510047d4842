"""`factory capacity`: the hours of a rollout on other machines, simulated with the speed that a trial measured."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import local_path, open_warehouse
from flows.commands.exit import fail

if TYPE_CHECKING:
    from flows.rollout.capacity.attempts import Attempt

TOKENS = 45_000
IN_FLIGHT = 1_024
"""Attempts in flight at one server, unless the settings name a number over all of them."""


def capacity(  # noqa: PLR0913, PLR0917 (options of a command)
    trial: Annotated[
        Path, typer.Argument(help="Output of `factory teacher try --json` on one such server.", callback=local_path)
    ],
    attempts: Annotated[int, typer.Option(min=1, help="Attempts of the night.")] = 100_000,
    servers: Annotated[int, typer.Option(min=1, help="Inference servers like the one that was tried.")] = 1,
    cores: Annotated[int, typer.Option(min=1, help="Processor cores for sandboxed tools, over all machines.")] = 16,
    clients: Annotated[int, typer.Option(min=1, help="Client processes of the rollout, over all machines.")] = 1,
    tokens: Annotated[
        int | None,
        typer.Option(min=1_000, help="Invent attempts with this mean of tokens, instead of those of the lake."),
    ] = None,
) -> None:
    """Simulate the rollout of a night on servers that are not there yet, with attempts as the lake holds them.

    Without attempts in the lake it invents some with a mean of 45,000 tokens.
    """
    from rich.console import Console

    from flows.rollout.capacity.attempts import of_lake
    from flows.rollout.capacity.forecast import forecast, forecast_table
    from flows.rollout.capacity.machines import Machines, TrialError, read_trial

    try:
        speed, kv_tokens = read_trial(trial)
    except TrialError as error:
        fail(str(error))
    with open_warehouse() as (con, settings):
        found = [] if tokens else of_lake(con)
    machines = Machines(
        servers,
        speed,
        kv_tokens,
        settings.teacher.tensor_parallel * settings.teacher.data_parallel,
        settings.rollout.max_in_flight or IN_FLIGHT * servers,
        settings.rollout.kv_cache_share,
        cores,
        clients,
    )
    source = f"{len(found):,} attempts of the lake" if found else "invented attempts"
    Console().print(forecast_table(forecast(found or _invented(tokens or TOKENS), attempts, machines), source))


def _invented(mean: int) -> "list[Attempt]":
    from dataclasses import replace

    from flows.rollout.capacity.attempts import MOST, Shape, invented

    return invented(replace(Shape(), turns=Shape().turns * mean / TOKENS), MOST)
