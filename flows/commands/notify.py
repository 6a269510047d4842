"""`factory notify`: sends a test message to every address of the alerts."""

import typer

from flows.commands.context import read_settings
from flows.commands.exit import fail, plain_errors

app = typer.Typer(no_args_is_help=True, help="Alerts about nights that failed, made nothing, or fell (notify.urls).")


@app.callback()
def notify() -> None:
    """Keeps `test` a subcommand: Typer makes the only command of an app the app itself."""


@app.command()
def test() -> None:
    """Send a test message to every address of notify.urls; exit code 1 if one does not take it."""
    from flows.notify.deliver import deliver
    from flows.notify.message import of_test

    with plain_errors():
        settings = read_settings()
        if not settings.notify.urls:
            fail('there is no address: set [notify] urls = ["..."] in factory.toml, or FACTORY_NOTIFY__URLS.')
        deliveries = deliver(settings.notify.urls, of_test(settings.home))
    for one in deliveries:
        typer.echo(f"{one.address}: {one.problem or 'took the message'}")
    if any(one.problem for one in deliveries):
        raise typer.Exit(1)
