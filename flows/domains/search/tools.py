"""The tools that an agent may call: what each takes, what the model is told of it, and what it does.

A tool blocks while it works and returns an answer; when it raises, it has not worked. Who calls it, with
what limits and in which process, is the toolbox's business.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.rollout.protocol import Call, Tool
from flows.rollout.tools.observation import Answer
from schemas.prompt import prompt
from sources.index.library import Blocked, Library, NotFound

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
    read_only: bool = False
    """Changes nothing: may run beside other calls of its turn, and again after a fault."""
    apart: bool = False
    """Keeps a core busy: runs in a worker process, where there are any."""

    @property
    def tool(self) -> Tool:
        """The tool as the model is told of it."""
        return Tool(self.name, prompt(f"tool_{self.name}").text.strip(), schema(ARGUMENTS[self.name]))


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

    uses: dict[str, Callable[[Any], Answer]] = {"search": search, "open": open_page, "find": find}
    if dialect == "text":
        uses = {"search": passage}
    return [Skill(name, use, read_only=True, apart=True) for name, use in uses.items()]


NOTHING = Answer("Nothing was found.", "empty")
