"""A home with attempts of several kinds and hostile text, and its pages behind a running server."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx

from flows.view.selection import select
from flows.view.server import ViewServer
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_decisions, write_records
from warehouse.connect import connect
from warehouse.lake import Lake

DAY = date(2026, 11, 20)
HOSTILE = (
    '<script>document.title = "owned"</script><img src=x onerror="document.title=\'owned\'">'
    "</pre></details><style>body{display:none}</style> \u202edesrever \x1b[31m {{ 7 * 7 }} "
    "&amp; [a](javascript:alert(1))"
)


def home_records() -> SmallLake:
    """Twelve attempts at six tasks; the text of every column that others write is hostile in the first of them."""
    made = make_small_lake(DAY, n_tasks=6, words=60, kinds={(1, 1): "loop", (2, 1): "aborted", (3, 1): "pending"})
    first = made.trajectories[0].trajectory_id
    for at, turn in enumerate(made.turns):
        if turn.trajectory_id != first:
            continue
        if turn.role == "tool":
            made.turns[at] = turn.model_copy(update={"observation": HOSTILE, "url": f"http://x/{HOSTILE}"})
        elif turn.role == "assistant" and turn.tool_calls:
            [call] = json.loads(turn.tool_calls)
            calls = json.dumps([call | {"name": HOSTILE, "arguments": {HOSTILE: HOSTILE}}])
            made.turns[at] = turn.model_copy(update={"tool_calls": calls, "reasoning": HOSTILE})
    made.trajectories[0] = made.trajectories[0].model_copy(update={"answer": HOSTILE})
    task = made.tasks[0].model_copy(update={"instruction": HOSTILE, "answer": HOSTILE})
    made.tasks[0] = task
    return made


def write_home(lake: Lake) -> SmallLake:
    """Write these records, and decisions that refuse one attempt."""
    made = home_records()
    write_records(lake, DAY, made)
    write_decisions(
        lake, DAY, made, {made.trajectories[2].trajectory_id: ["leakage:answer_in_the_system_prompt_of_the_agent"]}
    )
    return made


@contextmanager
def pages(
    lake: Lake, text: str | None = None, audit: Path | None = None, tokenizer: str | None = None
) -> Iterator[ViewServer]:
    """The pages of a selection while the block runs."""
    with connect(lake) as con:
        server = ViewServer(con, select(con, lake, text), audit, 0, tokenizer)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()


@contextmanager
def client(server: ViewServer) -> Iterator[httpx.Client]:
    """A client that came by the printed address."""
    address = httpx.URL(server.address)
    with httpx.Client(base_url=f"http://{address.host}:{address.port}", timeout=60) as opened:
        opened.get(server.address)
        yield opened
