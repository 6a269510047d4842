"""The program inside the sandbox: makes each attempt in a process of its own and prints a line of JSON for it.

A line has the attempt's name and the result, which is null if the sandbox held.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator

from flows.environments.sandbox.escapes import files, kernel, network, processes

ATTEMPT_S = 5


def main() -> None:
    """Make all attempts."""
    for name, attempt in (one for module in (files, kernel, processes, network) for one in module.attempts()):
        sys.stdout.flush()
        print(json.dumps([name, *_made(attempt)]))


def _made(attempt: Callable[[], object]) -> Iterator[str | None]:
    """(the result of an escape or None, the reason that it failed), from a child that the attempt may break."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        signal.alarm(ATTEMPT_S)
        os.write(writer, json.dumps(_tried(attempt)).encode()[:4000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        reply = pipe.read()
    _, status = os.waitpid(pid, 0)
    yield from json.loads(reply) if reply else [None, f"ended with {status}"]


def _tried(attempt: Callable[[], object]) -> list[str | None]:
    try:
        got = attempt()
    except Exception as error:
        return [None, f"{type(error).__name__}: {error}"]
    return [None, "nothing found"] if got is None or got is False else [str(got)[:500], None]


if __name__ == "__main__":
    main()
