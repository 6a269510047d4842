"""Ends a command: known errors become one message and an exit code, and the process exits cleanly.

The factory's own errors name the next step, so they print without a traceback. Any other error is a defect and
keeps its traceback.
"""

import atexit
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from flows.schedule.interrupts import sigterm_as_interrupt

OURS = {"schemas", "sources", "warehouse", "flows"}
INTERRUPTED = 130
TERMINATED = 143
"""Exit code after SIGTERM, as a shell gives it for a process that the signal ended."""


def fail(message: str, code: int = 1) -> NoReturn:
    """Print the message to standard error and end the command with the exit code; raises typer.Exit."""
    typer.echo(f"factory: {message}", err=True)
    raise typer.Exit(code)


@contextmanager
def plain_errors(terminated: int = TERMINATED) -> Iterator[None]:
    """Turn the factory's own errors, and refusals of files by the system, into one message with exit code 1.

    Other errors keep their traceback. SIGTERM ends the block like Ctrl-C, with the exit code `terminated`.
    """
    with sigterm_as_interrupt() as sigterm:
        try:
            yield
        except KeyboardInterrupt:
            fail("interrupted. Run the same command again to resume.", terminated if sigterm.received else INTERRUPTED)
        except OSError as error:
            if error.filename is None:
                raise
            fail(
                f"the system refuses {error.filename}: {error.strerror}. Free space, fix permissions or move away what "
                "lies there; `factory lake check` reads every file."
            )
        except Exception as error:
            if type(error).__module__.split(".")[0] not in OURS:
                raise
            fail(str(error))


def exit_after(command: Callable[[], object]) -> None:
    """Run the command, then exit the process without module teardown.

    Prefect's threads hold references to DuckDB objects until the end, and DuckDB's binding would report them as
    leaks after the command's output.
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
