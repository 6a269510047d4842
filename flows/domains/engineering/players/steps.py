"""Single steps that the players share: a call and its answer, the ids of failing tests, pages of a file."""

import re
import shlex
from collections.abc import Generator, Iterable, Sequence

from flows.environments.numbered_calls import NumberedCalls, Step
from flows.environments.tool import Answer, ToolCall

Steps = Generator[Sequence[ToolCall], Sequence[Answer], None]
PAGE = 220
"""Lines of a file that one call reads."""
FAILED = re.compile(
    r"^(?:FAILED|ERROR) (\S+?\.py(?:::\S+(?: \S+\])?)?)(?: - .*)?$"
    r"|^test at (\S+?\.[cm]?js):\d+:\d+$",
    re.MULTILINE,
)
"""Lines of pytest and of node:test."""
TRACED = re.compile(r"^([\w./-]+\.py):(\d+): in ", re.MULTILINE)


class Hand(NumberedCalls):
    """Runs programs and reads files."""

    def bash(self, *words: str) -> Step:
        """Run a program with its arguments."""
        return self.use("bash", command=shlex.join(words))

    def pages(self, path: str, n_lines: int) -> Steps:
        """Read a whole file, page by page."""
        for first in range(1, n_lines + 1, PAGE):
            yield from self.use("read", path=path, offset=first, limit=PAGE)

    def around(self, path: str, line: int, before: int = 12, after: int = 48) -> Step:
        """Read the lines around one."""
        return self.use("read", path=path, offset=max(1, line - before), limit=before + after)


def failing(answer: Answer) -> list[str]:
    """Ids of the tests that a run of tests lists as failed, without repetition."""
    return list(dict.fromkeys(one or other for one, other in FAILED.findall(answer.text)))


def traced(answer: Answer) -> list[tuple[str, int]]:
    """(path, line) of the places that tracebacks name, without repetition."""
    return list(dict.fromkeys((path, int(line)) for path, line in TRACED.findall(answer.text)))


def functions_of(tests: Iterable[str]) -> list[tuple[str, str]]:
    """(path, name of the function) of tests, without repetition."""
    parts = [one.partition("[")[0].split("::") for one in tests if "::" in one]
    return list(dict.fromkeys((one[0], one[-1]) for one in parts))
