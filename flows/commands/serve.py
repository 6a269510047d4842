"""`factory serve` runs the nightly on its schedule until it is stopped; `factory doctor` tries what that needs.

The same checks stop `serve` and `run` at the first failure. The doctor runs all of them, so that a new home is put
right in one go.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import read_settings
from flows.commands.exit import OURS, plain_errors

if TYPE_CHECKING:
    from flows.settings import Settings

Port = Annotated[int, typer.Option(help="Port of the Prefect server and its UI.")]
Host = Annotated[
    str, typer.Option(help="Address that the server listens on. It asks nobody for a password: keep it private.")
]
NO_ALERTS = "no alerts are sent, as [notify] urls is empty"


def serve(port: Port = 4200, host: Host = "127.0.0.1") -> None:
    """Run the nightly on the cron schedule of the settings, until Ctrl-C or SIGTERM."""
    from flows.schedule.history import record_first_serving
    from flows.schedule.night_log import NightLog
    from flows.schedule.ports import require_free_port
    from flows.schedule.prefect_server import PrefectServer, external_server, quiet_prefect
    from flows.schedule.run_lock import serve_lock
    from flows.schedule.supervisor import Runner, Supervisor

    begun = datetime.now(UTC)
    with plain_errors(terminated=0):
        settings = read_settings()
        external = external_server()
        if not external:
            require_free_port(host, port)  # before the checks, whose libraries take seconds to load
        _check(settings)
        quiet_prefect()
        server = (
            None
            if external
            else PrefectServer(settings.state, host=host, port=port, keep_days=settings.retention.prefect_days)
        )
        runner = Runner(settings.logs / "serve.log")
        log = NightLog(settings.state)
        with serve_lock(settings.state):
            record_first_serving(log, settings.schedule, begun)
            try:
                if server:
                    server.start()
                when = f"'{settings.schedule.cron}' {settings.schedule.timezone}"
                ui = (external or (server.address if server else "")).removesuffix("/api")
                typer.echo(f"nightly at {when}; UI: {ui}; log: {runner.log}")
                Supervisor(server, runner, log, typer.echo).run()
            finally:
                runner.stop()
                if server:
                    server.stop()


def _check(settings: "Settings") -> None:
    from flows.preflight import check_before_serving

    check_before_serving(settings)


def doctor() -> None:
    """Check what a night needs: settings, disk, teacher, store, alerts. Exit code 1 if a check fails."""
    from flows.preflight import CHECKS

    failed = 0
    with plain_errors():
        settings = read_settings()
        for name, check in CHECKS.items():
            try:
                typer.echo(f"ok      {name}: {check(settings)}")
            except Exception as error:
                if type(error).__module__.split(".")[0] not in OURS:
                    raise
                failed += 1
                typer.echo(f"failed  {name}: {error}")
        addresses = len(settings.notify.urls)
        alerts = f"alerts go to {addresses} addresses (`factory notify test` tries them)" if addresses else NO_ALERTS
        typer.echo(f"ok      notify: {alerts}")
    if failed:
        raise typer.Exit(1)
