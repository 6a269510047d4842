"""The tools that an agent may call, and what calling them can lead to.

What the agent got wrong (a name, an argument, an address) comes back as an observation that says so. What
went wrong with the tool itself is tried again and then raised: a fault never reaches the model as text.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.rollout.engine import Call, Tool
from flows.rollout.observation import Answer, Observation, ToolFault, observe
from flows.settings import Rollout
from schemas.prompt import prompt
from sources.library import Blocked, Library, NotFound
from sources.redaction import redact

THREADS = 8
FIRST_WAIT_S = 0.1
"""Wait before a faulty tool is tried again; it doubles each time."""
HITS = 5


class Arguments(BaseModel):
    """What a tool takes; its JSON schema is what the model is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SearchArguments(Arguments):
    query: str = Field(min_length=1, description="words to look for")


class OpenArguments(Arguments):
    url: str = Field(min_length=1, description="address of the page, as a search returned it")
    page: int = Field(default=1, ge=1, description="which part of a long page, from 1")


class FindArguments(Arguments):
    url: str = Field(min_length=1, description="address of the page")
    words: str = Field(min_length=1, description="words to find in it")


ARGUMENTS: dict[str, type[Arguments]] = {"search": SearchArguments, "open": OpenArguments, "find": FindArguments}
"""Every tool by name, with what it takes."""


@dataclass(frozen=True)
class Skill:
    """A tool that can be used: `use` blocks, and gets the checked arguments."""

    name: str
    use: Callable[[Any], Answer]

    @property
    def tool(self) -> Tool:
        """The tool as the model is told of it."""
        return Tool(self.name, prompt(f"tool_{self.name}").text.strip(), schema(ARGUMENTS[self.name]))


class Toolbox:
    """The skills of one rollout, with its limits on time and length; blocking work runs in threads."""

    def __init__(self, skills: Iterable[Skill], limits: Rollout) -> None:
        self._skills = {skill.name: skill for skill in skills}
        self._limits = limits
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tool")

    def __enter__(self) -> Self:
        if self._limits.redact:
            redact("")  # its patterns load before the first call, not in the middle of it
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def tools(self, names: Iterable[str]) -> tuple[Tool, ...]:
        """Those of the named tools that are here, as the model is told of them."""
        return tuple(self._skills[name].tool for name in names if name in self._skills)

    async def call_all(self, calls: Sequence[Call], allowed: Iterable[str]) -> list[Observation]:
        """Make the calls of one turn side by side; raises ToolFault when one keeps failing."""
        names = set(allowed)
        found = await asyncio.gather(*(self._call(call, names) for call in calls), return_exceptions=True)
        for one in found:
            if isinstance(one, BaseException):
                raise one
        return [one for one in found if isinstance(one, Observation)]

    async def _call(self, call: Call, allowed: set[str]) -> Observation:
        begun = time.monotonic()
        wrong = fault_of(call, allowed & self._skills.keys())
        answer = Answer(wrong, "blocked") if wrong else await self._use(self._skills[call.name], call)
        return observe(call, answer, self._limits, time.monotonic() - begun)

    async def _use(self, skill: Skill, call: Call) -> Answer:
        arguments = ARGUMENTS[call.name].model_validate(call.arguments)
        loop, limit = asyncio.get_running_loop(), self._limits.tool_timeout_s or None
        for again in range(self._limits.tool_retries + 1):
            if again:
                await asyncio.sleep(FIRST_WAIT_S * 2 ** (again - 1))
            try:
                return await asyncio.wait_for(loop.run_in_executor(self._threads, skill.use, arguments), limit)
            except TimeoutError:
                last = f"took longer than {limit} s"
            except Exception as error:
                last = f"{type(error).__name__}: {error}"
        raise ToolFault(f"{skill.name} failed {self._limits.tool_retries + 1} times, at last: {last}")


def fault_of(call: Call, allowed: Iterable[str]) -> str | None:
    """What is wrong with a call, in words for the model; None when its tool can be used."""
    names = sorted(allowed)
    if call.name not in names:
        return f"There is no tool {call.name!r}. The tools are: {', '.join(names)}."
    try:
        ARGUMENTS[call.name].model_validate(call.arguments)
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        return f"These arguments do not fit {call.name}: {said}."
    return None


@cache
def schema(arguments: type[Arguments]) -> dict[str, object]:
    """The JSON schema of a tool's arguments."""
    full = arguments.model_json_schema()
    properties = {
        name: {key: value for key, value in field.items() if key != "title"}
        for name, field in full["properties"].items()
    }
    return {
        "type": "object",
        "properties": properties,
        "required": full["required"],
        "additionalProperties": False,
    }


def library_skills(library: Library, dialect: str) -> list[Skill]:
    """Search, open and find in a library. A text dialect only searches, and is shown one passage, not a list:
    models that need it do much worse with more tools or more text."""

    def passage(asked: SearchArguments) -> Answer:
        hit = library.best_passage(asked.query)
        return Answer(hit.passage, url=hit.url) if hit else NOTHING

    def search(asked: SearchArguments) -> Answer:
        hits = library.search(asked.query, HITS)
        return Answer("\n\n".join(f"{hit.title}\n{hit.url}\n{hit.passage}" for hit in hits)) if hits else NOTHING

    def open_page(asked: OpenArguments) -> Answer:
        try:
            shown = library.open_page(asked.url, asked.page)
        except NotFound as error:
            return Answer(str(error), "empty")
        except Blocked as error:
            return Answer(str(error), "blocked")
        place = f" (part {shown.page} of {shown.n_pages})" if shown.n_pages > 1 else ""
        return Answer(f"{shown.title}{place}\n\n{shown.text}", url=shown.url)

    def find(asked: FindArguments) -> Answer:
        try:
            found = library.find(asked.url, asked.words)
        except NotFound as error:
            return Answer(str(error), "empty")
        except Blocked as error:
            return Answer(str(error), "blocked")
        if not found:
            return Answer("The page does not hold these words.", "empty", asked.url)
        return Answer("\n\n".join(f"(part {one.page}) {one.passage}" for one in found), url=found[0].url)

    if dialect == "text":
        return [Skill("search", passage)]
    return [Skill("search", search), Skill("open", open_page), Skill("find", find)]


NOTHING = Answer("Nothing was found.", "empty")
