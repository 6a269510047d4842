"""`factory deploy`: writes the files of a real installation into the home, and prints the commands that use them."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import local_path, read_settings
from flows.commands.exit import plain_errors
from flows.commands.serve import Host, Port

if TYPE_CHECKING:
    from flows.deploy.installation import Installation

app = typer.Typer(no_args_is_help=True, help="Write the files of a real installation: systemd, compose, Prefect.")

Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]


@app.command()
def systemd(
    user: Annotated[str | None, typer.Option(help="User that the service runs as (default: the home's owner).")] = None,
    host: Host = "127.0.0.1",
    port: Port = 4200,
    force: Force = False,
) -> None:
    """Write a systemd unit that runs `factory serve` in this folder."""
    from flows.deploy import write

    with plain_errors():
        place = _installation()
        texts = write.systemd(place, user, host, port)
        write.write(texts, force=force)
        secrets = write.write_secrets_file(place)
    [unit] = texts
    _print(
        [*texts, secrets],
        f"sudo cp {_word(unit)} /etc/systemd/system/",
        f"sudo systemctl daemon-reload && sudo systemctl enable --now {unit.name}",
        f"journalctl --follow --unit {unit.name}",
    )


@app.command()
def compose(
    source: Annotated[
        Path | None,
        typer.Option(help="Checkout to build the image from (default: the one installed from).", callback=local_path),
    ] = None,
    port: Port = 4200,
    force: Force = False,
) -> None:
    """Write a compose file (factory, Prefect server, PostgreSQL) and the Dockerfile of its image."""
    from flows.deploy import write

    with plain_errors():
        place = _installation()
        texts = write.compose(place, source, port)
        write.write(texts, force=force)
        secrets = write.write_secrets_file(place)
    _print(
        [*texts, secrets],
        f"cd {_word(place.home)} && (umask 077; openssl rand -hex 24 > postgres_password)",
        "docker compose up --detach --build",
        "docker compose logs --follow factory",
    )


@app.command()
def prefect(
    pool: Annotated[str, typer.Option(help="Name of the process work pool.")] = "horizon-factory",
    force: Force = False,
) -> None:
    """Write a prefect.yaml, for a worker of a process work pool instead of `factory serve`."""
    from flows.deploy import write

    with plain_errors():
        place = _installation()
        texts = write.prefect(place, pool)
        write.write(texts, force=force)
    _print(
        texts,
        "export PREFECT_API_URL=http://SERVER:4200/api",
        f"prefect work-pool create --type process {_word(pool)}",
        f"cd {_word(place.home)} && prefect --no-prompt deploy --all",
        f"prefect worker start --type process --pool {_word(pool)}",
    )


def _installation() -> "Installation":
    from flows.deploy.installation import installation

    return installation(read_settings())


def _word(value: object) -> str:
    return shlex.quote(str(value))


def _print(written: "list[Path] | dict[Path, str]", *steps: str) -> None:
    for path in written:
        typer.echo(f"wrote {path}")
    if names := sorted(name for name in os.environ if name.startswith("FACTORY_")):
        typer.echo(f"not written: the values of {', '.join(names)}; what runs the nights needs them in its environment")
    typer.echo("next:")
    for step in steps:
        typer.echo(f"  {step}")
