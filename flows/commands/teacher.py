"""`factory teacher`: installs the virtual environment of vLLM, and tries the teacher of the settings."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import read_settings
from flows.commands.exit import INTERRUPTED, fail, plain_errors

if TYPE_CHECKING:
    from flows.rollout.trial.trial import Trial
    from flows.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The teacher: the virtual environment of vLLM, and a trial.")


@app.command()
def install(cpu: Annotated[bool, typer.Option("--cpu", help="Install the CPU build of vLLM.")] = False) -> None:
    """Install vLLM into its own virtual environment, in the versions that the factory is tested with."""
    from flows.rollout.engines.vllm.install import install as install_vllm
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings = read_settings()
        with stage_bar("install", settings.state) as report:
            install_vllm(settings.teacher.venv, cpu=cpu, report=report)


@app.command("try")
def try_teacher(
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as one JSON object.")] = False,
) -> None:
    """Run three episodes with the teacher of the settings, measure it, and show the settings that the figures ask for.

    Starts the teacher, or joins the servers of teacher.urls. Writes nothing but the logs of a started server. Exit
    code 1 if the teacher cannot be used.
    """
    with plain_errors():
        settings = read_settings()
        trial = _run(settings)
        _print(trial, settings, as_json=as_json)
    if trial.problem:
        fail(f"this teacher cannot be used: {trial.problem}")


def _run(settings: "Settings") -> "Trial":
    import tempfile
    from pathlib import Path

    from flows.rollout.trial.trial import run_trial
    from warehouse.console.progress import stage_bar

    try:
        with tempfile.TemporaryDirectory(prefix="factory-try-") as folder, stage_bar("try", Path(folder)) as report:
            return run_trial(settings, Path(folder), report)
    except KeyboardInterrupt:
        fail("interrupted; a server that the trial started has been stopped.", INTERRUPTED)


def _print(trial: "Trial", settings: "Settings", *, as_json: bool) -> None:
    from rich.console import Console

    from flows.rollout.trial.advice import advice
    from flows.rollout.trial.display import as_json_text, print_trial
    from flows.rollout.trial.machine import visible_gpus

    found = advice(trial, settings, visible_gpus())
    if as_json:
        typer.echo(as_json_text(trial, settings, found))
    else:
        print_trial(Console(), trial, settings, found)
