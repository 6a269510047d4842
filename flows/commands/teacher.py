"""`factory teacher`: installs the virtual environment of vLLM."""

from typing import Annotated

import typer

from flows.commands.context import read_settings
from flows.commands.exit import plain_errors

app = typer.Typer(no_args_is_help=True, help="The virtual environment of the teacher, in which vLLM runs.")


@app.command()
def install(cpu: Annotated[bool, typer.Option("--cpu", help="Install the CPU build of vLLM.")] = False) -> None:
    """Install vLLM into its own virtual environment, in the versions that the factory is tested with."""
    from flows.rollout.engines.vllm.install import install as install_vllm
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings = read_settings()
        with stage_bar("install", settings.state) as report:
            install_vllm(settings.teacher.venv, cpu=cpu, report=report)
