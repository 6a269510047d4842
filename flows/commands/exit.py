"""How a command ends: known errors as one message, and a clean exit whatever libraries left behind.

An error that the factory named says what to do next; a traceback above it would only hide that. Every
other error is a defect, and shows its traceback.
"""

import atexit
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

OURS = {"schemas", "sources", "warehouse", "flows"}
INTERRUPTED = 130


def fail(message: str, code: int = 1) -> NoReturn:
    """Print the message on standard error and end the command; raises typer.Exit."""
    typer.echo(f"factory: {message}", err=True)
    raise typer.Exit(code)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Print an error that the factory named itself as one message; let every other one show its traceback."""
    try:
        yield
    except KeyboardInterrupt:
        fail("stopped. The same command again goes on from here.", INTERRUPTED)
    except Exception as error:
        if type(error).__module__.split(".")[0] not in OURS:
            raise
        fail(str(error))


def leave(command: Callable[[], object]) -> None:
    """Run the command, then leave without tearing modules down.

    Prefect's threads hold references into DuckDB to the very end, and DuckDB's binding would print them
    as leaks under the output.
    """
    code = 0
    try:
        command()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
