"""The tools of the search domain: search, open and find, over the library of one snapshot of pages.

Each blocks while it works and returns an Answer; an exception is a fault. The toolbox decides where a tool runs and
within which limits.
"""

from collections.abc import Callable
from typing import Any

from pydantic import Field

from flows.environments.functions import FunctionTool, function_environment
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Arguments
from schemas.prompt import prompt
from sources.index.library import Blocked, Hit, NotFound

HITS = 5
"""Pages of the library that one page of results lists."""
MOST_RESULT_PAGES = 40
NOTHING = Answer("Nothing was found.", "empty")


class QueryArguments(Arguments):
    query: str = Field(min_length=1, description="words to look for")


class SearchArguments(QueryArguments):
    page: int = Field(default=1, ge=1, le=MOST_RESULT_PAGES, description="which page of results, from 1")


class OpenArguments(Arguments):
    url: str = Field(min_length=1, description="address of the page, as a search returned it")
    page: int = Field(default=1, ge=1, description="which part of a long page, from 1")


class FindArguments(Arguments):
    url: str = Field(min_length=1, description="address of the page")
    words: str = Field(min_length=1, description="words to find in it")


def search(arguments: SearchArguments, resources: Resources) -> Answer:
    """The pages that match best, each with title, url, best passage and further matching sentences."""
    page = arguments.page
    results = resources.library.results(arguments.query, HITS, page)
    if not results.hits:
        return NOTHING if page == 1 else Answer(f"There is no page {page} of results for these words.", "empty")
    last = [f"(more results: page {page + 1})"] if results.more and page < MOST_RESULT_PAGES else []
    return Answer("\n\n".join([*map(_shown, results.hits), *last]))


def _shown(hit: Hit) -> str:
    return "\n".join((hit.title, hit.url, hit.passage, *(f"... {sentence}" for sentence in hit.more)))


def best_passage(arguments: QueryArguments, resources: Resources) -> Answer:
    """The one passage that matches best, without title and url, for small models."""
    hit = resources.library.best_passage(arguments.query)
    return Answer(hit.passage, url=hit.url) if hit else NOTHING


def open_page(arguments: OpenArguments, resources: Resources) -> Answer:
    """One window of a page; `empty` if there is no such page or window, `blocked` if the blocklist names it."""
    try:
        window = resources.library.open_page(arguments.url, arguments.page)
    except NotFound as error:
        return Answer(str(error), "empty")
    except Blocked as error:
        return Answer(str(error), "blocked")
    place = f" (part {window.page} of {window.n_pages})" if window.n_pages > 1 else ""
    return Answer(f"{window.title}{place}\n\n{window.text}", url=window.url)


def find(arguments: FindArguments, resources: Resources) -> Answer:
    """The passages of a page that hold the words, each with the number of its window."""
    try:
        found = resources.library.find(arguments.url, arguments.words)
    except NotFound as error:
        return Answer(str(error), "empty")
    except Blocked as error:
        return Answer(str(error), "blocked")
    if not found:
        return Answer("The page does not hold these words.", "empty", arguments.url)
    return Answer("\n\n".join(f"(part {one.page}) {one.passage}" for one in found), url=found[0].url)


def _description(tool: str) -> str:
    return prompt(f"tool_{tool}", __package__).text.strip()


def _tool(name: str, arguments: type[Arguments], use: Callable[[Any, Resources], Answer]) -> FunctionTool:
    return FunctionTool(name, _description(name), arguments, use, read_only=True, cpu_bound=True)


LIBRARY = function_environment(
    "library",
    "2",
    tools=(
        _tool("search", SearchArguments, search),
        _tool("open", OpenArguments, open_page),
        _tool("find", FindArguments, find),
    ),
    text_tools=(_tool("search", QueryArguments, best_passage),),
    needs=("library",),
)
"""The read-only library of pages as an environment."""
