"""The pages by address. Each reads the lake when it is asked for; attempts are sent while they are read."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import zip_longest
from typing import Any
from urllib.parse import parse_qs

import duckdb
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from flows.view.audit_file import AuditFile, AuditFileError
from flows.view.filters import CHOICES, PLACES, SORTS, Filters, listing
from flows.view.guard import Guard, form_token, same
from flows.view.reading import Reader, Row
from flows.view.rendering import rendered, streamed
from flows.view.steps import Step, steps
from flows.view.words import LocalVocabulary
from warehouse.connect import query
from warehouse.lineage.lineage import query_rows

CLUSTERS = 50
"""Clusters of duplicates on their page, the largest first."""


class Pages:
    """The pages over one reader; `title` names the selection of the list."""

    def __init__(
        self,
        reader: Reader,
        token: str,
        title: str = "",
        audit: AuditFile | None = None,
        tokenizer: str | None = None,
    ) -> None:
        """`tokenizer` names the one whose vocabulary shows sampled tokens as words."""
        self._reader, self._title, self._audit = reader, title, audit
        self._vocabulary = LocalVocabulary(tokenizer)
        self._form_token = form_token(token)

    def app(self) -> Starlette:
        """The application, without its guard."""
        routes = [
            Route("/", self.attempts),
            Route("/attempts/{id}", self.attempt),
            Route("/tasks/{id}", self.task),
            Route("/compare", self.compare),
            Route("/clusters", self.clusters),
            Route("/audit", self.audit),
            Route("/audit", self.answer, methods=["POST"]),
        ]
        files = StaticFiles(packages=[("flows.view", "static")])
        app = Starlette(routes=routes, exception_handlers={AuditFileError: _told, duckdb.Error: _told})
        app.mount("/static", files)
        return app

    def attempts(self, request: Request) -> Response:
        """The list of attempts."""
        filters = Filters.of(request.query_params)
        found = listing(self._reader, filters)
        known: dict[str, Any] = {"choice_names": CHOICES, "places": PLACES, "sorts": SORTS}
        return self._page("list.html", filters=filters, found=found, title=self._title, **known)

    def attempt(self, request: Request) -> Response:
        """One attempt, turn by turn; with `blind`, as an audit needs it, without verdicts and truth."""
        row = self._find(request.path_params["id"])
        if row is None:
            return self._missing(request.path_params["id"])
        id = row["trajectory_id"]
        family = self._reader.rows(query("viewer", "delegations"), trajectory_id=id)
        children = [child for child in family if child["parent_id"] == id]
        return self._stream(
            "attempt.html",
            attempt=row,
            blind="blind" in request.query_params,
            steps=self._steps(row, children),
            verdicts=partial(self._reader.rows, query("viewer", "verdict_counts"), trajectory_id=id),
            scans=partial(self._reader.rows, query("view", "attempt_scans"), trajectory_id=id),
            gates=partial(self._reader.rows, query("explain", "trajectory_verdicts"), id=id),
            lineage=partial(self._lineage, "source_pages", trajectory_id=id),
            places=partial(self._lineage, "matching_rows", id=id),
        )

    def task(self, request: Request) -> Response:
        """All attempts at one task, two of which can be chosen to compare."""
        id = request.path_params["id"]
        rows = [row for row in self._reader.rows(query("viewer", "matching_attempts"), id=id) if row["task_id"] == id]
        if not rows:
            return self._missing(id)
        finished = [row for row in rows if row["status"]]
        first = self._find(finished[0]["trajectory_id"]) if finished else None
        return self._page("task.html", rows=rows, finished=finished, task_id=id, first=first)

    def compare(self, request: Request) -> Response:
        """Two attempts side by side, step by step."""
        ids = [request.query_params.get(side, "") for side in ("a", "b")]
        sides = [self._find(id) for id in ids]
        found = [side for side in sides if side is not None]
        if len(found) < len(sides):
            return self._missing(ids[sides.index(None)])
        return self._stream("compare.html", sides=found, pairs=zip_longest(*map(self._steps, found)))

    def clusters(self, request: Request) -> Response:
        """The largest clusters of duplicates."""
        members: dict[str, list[Row]] = {}
        for row in self._reader.rows(query("explain", "cluster_members"), limit=CLUSTERS):
            members.setdefault(row["cluster_id"], []).append(row)
        return self._page("clusters.html", clusters=members)

    def audit(self, request: Request) -> Response:
        """One row of the audit; the next that is open, or the one of the address."""
        if self._audit is None:
            return self._page("audit.html", rows=[], path="", at=0, form_token="")
        rows = self._audit.rows()
        opened = [number for number, row in enumerate(rows) if not row["is_correct"].strip()]
        wanted = request.query_params.get("row", "")
        at = int(wanted) if wanted.isdecimal() and int(wanted) < len(rows) else next(iter(opened), 0)
        done = len(rows) - len(opened)
        return self._page(
            "audit.html", rows=rows, path=str(self._audit.path), at=at, done=done, form_token=self._form_token
        )

    async def answer(self, request: Request) -> Response:
        """Write one answer of the audit, and go on to the next row."""
        fields = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=8)
        form = {name: values[0] for name, values in fields.items()}
        if self._audit is None or not same(form.get("form_token", ""), self._form_token):
            return PlainTextResponse("This form is not of these pages: open /audit anew.", 403)
        answered = (form.get("trajectory_id", ""), form.get("is_correct", ""), form.get("note", ""))
        await run_in_threadpool(self._audit.answer, *answered)
        return RedirectResponse("/audit", 303)

    def _find(self, id: str) -> Row | None:
        return next(iter(self._reader.rows(query("viewer", "attempt"), trajectory_id=id)), None)

    def _steps(self, attempt: Row, children: Iterable[Row] = ()) -> Iterator[Step]:
        turns = self._reader.stream(query("viewer", "displayed_turns"), trajectory_id=attempt["trajectory_id"])
        yield from steps(turns, children, self._vocabulary.of(attempt["vocabulary_sha256"]))

    def _lineage(self, name: str, **parameters: object) -> list[Row]:
        with self._reader.connection() as con:
            return query_rows(con, name, **parameters)

    def _page(self, template: str, **values: Any) -> Response:
        return HTMLResponse(rendered(template, audited=self._audit is not None, **values))

    def _stream(self, template: str, **values: Any) -> Response:
        pieces = streamed(template, audited=self._audit is not None, **values)
        return StreamingResponse(pieces, media_type="text/html")

    def _missing(self, id: str) -> Response:
        return HTMLResponse(rendered("missing.html", audited=self._audit is not None, id=id), 404)


def guarded(pages: Pages, token: str, port: int) -> ASGIApp:
    """The application behind its guard."""
    return Guard(pages.app(), token, port)


async def _told(request: Request, error: Exception) -> Response:
    return PlainTextResponse(str(error), 500)
