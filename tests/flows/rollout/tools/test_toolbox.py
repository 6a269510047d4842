"""The toolbox: mistakes of the agent become observations, faults of a tool never do."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.domains.search.tools import OpenArguments, SearchArguments
from flows.environments.functions import FunctionTool
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Arguments, ToolCall
from flows.rollout.tools.observation import ToolFault
from flows.rollout.tools.toolbox import Toolbox, open_toolbox
from flows.settings import Rollout
from schemas.record import sha256_text
from sources.index.library import Library, Page
from tests.doubles import worlds
from tests.doubles.lakes.planted import planted
from tests.doubles.sites import small_wiki
from tests.doubles.worlds import call_all, functions

NAMES = ("search", "open", "find")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("library") / "index"
    pages = (one for one in small_wiki.documents(date(2026, 1, 2)) if one.text)
    Library.build(path, (Page(one.doc_id, one.url, one.title, one.text or "") for one in pages))
    return path


@pytest.fixture(scope="module")
def resources(index: Path) -> Resources:
    return Resources(index)


@pytest.fixture
def toolbox(resources: Resources) -> Iterator[Toolbox]:
    with threaded(resources, "chat") as box:
        yield box


def using(use: Callable[[SearchArguments], Answer], **limits: float) -> Toolbox:
    return worlds.toolbox({"search": functions(tool("search", use))}, Rollout.model_validate(limits))


def tool(name: str, use: Callable[[Any], Answer], *, read_only: bool = True) -> FunctionTool:
    arguments: dict[str, type[Arguments]] = {"search": SearchArguments, "open": OpenArguments}
    return FunctionTool(name, "", arguments[name], lambda given, _: use(given), read_only=read_only)


def threaded(resources: Resources, dialect: str) -> Toolbox:
    """The search domain's tools without worker processes."""
    return open_toolbox(replace(resources, dialect=dialect), Rollout(tool_workers=0), Path("unused"))


SEARCH = ToolCall("c1", "search", {"query": "x"})


async def test_a_search_shows_titles_addresses_and_passages(toolbox: Toolbox) -> None:
    [seen] = await call_all(toolbox, "search", [ToolCall("c1", "search", {"query": "Varnay cliffs"})], NAMES)
    assert (seen.kind, seen.url, seen.call_id, seen.tool) == ("ok", None, "c1", "search")
    assert f"Varnay\n{small_wiki.address('island', 0)}\n" in seen.text


async def test_a_small_model_gets_one_passage_and_its_page_counts_as_consulted(resources: Resources) -> None:
    """Two passages instead of one halve its share of right answers."""
    with threaded(resources, "text") as box:
        [seen] = await call_all(
            box, "search", [ToolCall("c1", "search", {"query": "Varnay cliffs western shore"})], NAMES
        )
    assert seen.url == small_wiki.address("island", 0)
    assert seen.text.startswith("The cliffs on its western")
    assert "\n\n" not in seen.text


async def test_a_page_is_opened_and_searched(toolbox: Toolbox) -> None:
    url = small_wiki.address("light", 3)
    calls = [ToolCall("c1", "open", {"url": url}), ToolCall("c2", "find", {"url": url, "words": "wrecks barrels"})]
    opened, found = await call_all(toolbox, "search", calls, NAMES)
    assert (opened.kind, opened.url, found.kind, found.url) == ("ok", url, "ok", url)
    assert opened.text.startswith(f"{small_wiki.LIGHTS[3]} Lighthouse\n")
    assert "barrels" in found.text


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (ToolCall("c", "fly", {}), "blocked", "There is no tool 'fly'. The tools are: find, open, search."),
        (ToolCall("c", "search", {}), "blocked", "query: Field required"),
        (ToolCall("c", "search", {"query": "x", "limit": 9}), "blocked", "limit: Extra inputs"),
        (ToolCall("c", "open", {"url": "http://wiki.test/nowhere"}), "empty", "no page"),
        (ToolCall("c", "open", {"url": "http://wiki.test/island/1", "page": 99}), "empty", "not 99"),
        (ToolCall("c", "find", {"url": "http://wiki.test/island/1", "words": "qqq"}), "empty", "does not hold"),
        (ToolCall("c", "search", {"query": "qqqqq"}), "empty", "Nothing"),
        (ToolCall("c", "search", {"query": "field:( [ ++"}), "empty", "Nothing"),
    ],
)
async def test_a_mistake_of_the_agent_is_explained(toolbox: Toolbox, call: ToolCall, kind: str, message: str) -> None:
    [seen] = await call_all(toolbox, "search", [call], NAMES)
    assert seen.kind == kind
    assert message in seen.text


async def test_a_tool_that_the_task_does_not_offer_cannot_be_called(toolbox: Toolbox) -> None:
    [seen] = await call_all(
        toolbox, "search", [ToolCall("c", "open", {"url": "http://wiki.test/island/1"})], ("search",)
    )
    assert seen.kind == "blocked"


async def test_a_long_observation_keeps_head_and_tail_and_counts_the_dropped_bytes() -> None:
    """The summary of a test run stands at its end: without it an agent runs the tests again and again."""
    full = "ä" * 5_000 + " 2 failed"
    with using(lambda arguments: Answer(full), max_observation_chars=1_000) as box:
        [seen] = await call_all(box, "search", [SEARCH], NAMES)
    assert (seen.kind, seen.bytes_dropped) == ("truncated", 2 * (5_000 + 9 - 1_000))
    assert seen.text == "ä" * 700 + "\n[8018 bytes were cut here]\n" + "ä" * 291 + " 2 failed"
    assert seen.content_sha256 == sha256_text(full)


async def test_a_fault_is_retried_and_then_raised() -> None:
    """A model that reads a stack trace as evidence learns to use it as evidence."""
    tries: list[int] = []

    def broken(arguments: SearchArguments) -> Answer:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("disk gone")
        return Answer("found")

    with using(broken, tool_retries=2) as box:
        [seen] = await call_all(box, "search", [SEARCH], NAMES)
        assert (seen.kind, seen.text, len(tries)) == ("ok", "found", 3)
        assert box.faults == {"search:OSError": 2}
    tries.clear()
    with using(broken, tool_retries=1) as box, pytest.raises(ToolFault, match=r"search failed 2 times.*disk gone"):
        await call_all(box, "search", [SEARCH], NAMES)


async def test_a_tool_that_hangs_is_a_fault() -> None:
    released = threading.Event()

    def hanging(arguments: SearchArguments) -> Answer:
        released.wait(10)
        return Answer("late")

    with using(hanging, tool_retries=0, tool_timeout_s=0.05) as box, pytest.raises(ToolFault, match="longer than"):
        await call_all(box, "search", [SEARCH], NAMES)
    released.set()


async def test_read_only_calls_of_one_turn_run_concurrently() -> None:
    together = threading.Barrier(4, timeout=10)

    def meeting(arguments: SearchArguments) -> Answer:
        together.wait()
        time.sleep(0.01 * len(arguments.query))
        return Answer(arguments.query)

    with using(meeting) as box:
        calls = [ToolCall(f"c{n}", "search", {"query": "x" * n}) for n in (4, 3, 2, 1)]
        seen = await call_all(box, "search", calls, NAMES)
    assert [one.text for one in seen] == ["xxxx", "xxx", "xx", "x"]


async def test_a_writing_call_runs_by_itself_in_order_and_is_never_retried() -> None:
    """Concurrent or retried writes could leave a state that no order of the calls produces."""
    begun: list[str] = []
    ended: list[str] = []

    def doing(arguments: SearchArguments) -> Answer:
        begun.append(arguments.query)
        if arguments.query.startswith("write"):
            assert sorted(begun) == sorted([*ended, arguments.query])  # reading calls end in any order
        time.sleep(0.02)
        if arguments.query == "write fails":
            raise OSError("disk full")
        ended.append(arguments.query)
        return Answer(arguments.query)

    reading = tool("open", lambda arguments: doing(SearchArguments(query=arguments.url)))
    both = {"search": functions(tool("search", doing, read_only=False), reading)}
    with worlds.toolbox(both, Rollout()) as box:
        made = [("open", "r1"), ("open", "r2"), ("search", "write 1"), ("search", "write 2"), ("open", "r3")]
        calls = [ToolCall(text, name, {"query" if name == "search" else "url": text}) for name, text in made]
        seen = await call_all(box, "search", calls, NAMES)
        assert [one.text for one in seen] == [text for _, text in made]
        begun.clear()
        ended.clear()
        with pytest.raises(ToolFault, match="failed 1 times"):
            await call_all(box, "search", [ToolCall("c", "search", {"query": "write fails"}), *calls], NAMES)
    assert begun == ["write fails"]
    assert box.faults == {"search:OSError": 1}


def test_the_model_sees_names_types_and_required_arguments(toolbox: Toolbox) -> None:
    search, opening = toolbox.specs("search", ["search", "open"])
    page = {"default": 1, "description": "which page of results, from 1", "maximum": 40, "minimum": 1}
    assert search.parameters == {
        "type": "object",
        "properties": {
            "query": {"description": "words to look for", "minLength": 1, "type": "string"},
            "page": {**page, "type": "integer"},
        },
        "required": ["query"],
        "additionalProperties": False,
    }
    assert opening.parameters["required"] == ["url"]
    assert search.description


async def test_secrets_never_reach_the_model_and_are_counted() -> None:
    """Redacting later would break the match of tokens and text, since the model has read the secret."""
    one = next(iter(planted(1, seed=2)))
    with using(lambda _: Answer(one.text)) as box:
        [seen] = await call_all(box, "search", [SEARCH], NAMES)
    assert one.secret not in seen.text and f"[REDACTED:{one.kind}]" in seen.text
    assert (seen.redacted, seen.content_sha256) == (f'{{"{one.kind}": 1}}', sha256_text(seen.text))
    with using(lambda _: Answer("nothing here")) as box:
        assert [seen.redacted for seen in await call_all(box, "search", [SEARCH], NAMES)] == ["{}"]
    with using(lambda _: Answer(one.text), redact=False) as box:
        [seen] = await call_all(box, "search", [SEARCH], NAMES)
    assert (seen.text, seen.redacted) == (one.text, None)


async def test_a_blocked_page_is_not_shown_and_the_observation_explains_it(index: Path) -> None:
    """An attempt that reads a blocked page is rejected as a whole at the release gate."""
    url = small_wiki.address("island", 0)
    calls = [
        ToolCall("c1", "search", {"query": "Varnay cliffs"}),
        ToolCall("c2", "open", {"url": url}),
        ToolCall("c3", "open", {"url": "Varnay"}),
        ToolCall("c4", "find", {"url": url, "words": "cliffs"}),
    ]
    with threaded(Resources(index, (re.escape(url),)), "chat") as box:
        seen = await call_all(box, "search", calls, NAMES)
    assert url not in seen[0].text
    assert [(one.kind, one.url) for one in seen[1:]] == [("blocked", None)] * 3
