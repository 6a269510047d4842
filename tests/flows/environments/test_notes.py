"""Notes beside an environment: written, replaced, listed, limited, and there again after a kill."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.environments.environment import Checkpoint
from flows.environments.functions import FunctionTool
from flows.environments.notes import MAX_NOTES, with_notes
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Arguments, ToolCall
from flows.rollout.tools.recorded import Recorded
from flows.settings import Rollout
from schemas.record import sha256_text
from tests.doubles import worlds
from tests.doubles.domains import available
from tests.doubles.worlds import functions, open_world


class NoArguments(Arguments):
    pass


LOOKED: list[int] = []


def look(arguments: NoArguments, resources: Resources) -> Answer:
    LOOKED.append(1)
    return Answer("A room.")


LOOKING = functions(FunctionTool("look", "Look.", NoArguments, look, read_only=True))
BOX = {"room": with_notes(LOOKING)}


def write(name: str, text: str) -> ToolCall:
    return ToolCall("c", "note_write", {"name": name, "text": text})


READ = ToolCall("c", "note_read", {})
LOOK = ToolCall("c", "look", {})


@pytest.fixture(autouse=True)
def stateful_domains() -> Iterator[None]:
    with available():
        yield


async def test_notes_are_written_replaced_deleted_and_listed(tmp_path: Path) -> None:
    with worlds.toolbox(BOX, Rollout(), tmp_path) as box:
        world = await open_world(box, "room", ["look"])
        calls = [READ, write("plan", "first"), write("seen", "x"), write("plan", "then"), write("seen", ""), READ]
        done = await world.call_all([*calls, ToolCall("c", "note_read", {"name": "seen"}), LOOK])
    assert [(one.kind, one.text) for one in done.observations] == [
        ("empty", "There are no notes."),
        ("ok", f"Noted (1 of {MAX_NOTES} notes)."),
        ("ok", f"Noted (2 of {MAX_NOTES} notes)."),
        ("ok", f"Noted (2 of {MAX_NOTES} notes)."),
        ("ok", "Deleted."),
        ("ok", "plan:\nthen"),
        ("empty", "There is no note 'seen'."),
        ("ok", "A room."),
    ]


async def test_notes_are_limited(tmp_path: Path) -> None:
    """Without a limit a looping agent would fill the context of its next segment."""
    with worlds.toolbox(BOX, Rollout(), tmp_path) as box:
        world = await open_world(box, "room", [])
        many = [write(str(n), "x") for n in range(MAX_NOTES + 1)]
        done = await world.call_all([*many, write("1", "y"), write("long", "x" * 4_001)])
    assert [one.kind for one in done.observations[-3:]] == ["blocked", "ok", "blocked"]


async def test_notes_are_there_again_after_a_kill_and_shared_tools_are_not_called_again(tmp_path: Path) -> None:
    with worlds.toolbox(BOX, Rollout(), tmp_path) as box:
        calls = [write("plan", "first"), LOOK, write("plan", "then")]
        done = await (await open_world(box, "room", ["look"])).call_all(calls)
        made = [(call, str(one.content_sha256)) for call, one in zip(calls, done.observations, strict=True)]
        LOOKED.clear()
        again = await open_world(box, "room", ["look"], recorded=Recorded(made, done.checkpoint))
        [seen] = (await again.call_all([READ])).observations
    assert seen.text == "plan:\nthen"
    assert not LOOKED


async def test_a_replayed_environment_with_notes_gives_every_answer_again(tmp_path: Path) -> None:
    """Answers out of step with their calls would pass for a world that differs, and restart the attempt."""
    from tests.doubles.domains.ledger import DOMAIN

    with worlds.toolbox({"ledger": with_notes(DOMAIN.environment)}, Rollout(), tmp_path) as box:
        add = ToolCall("c", "add", {"account": "bank", "amount": 3})
        calls = [add, write("plan", "first"), add, READ, add]
        done = await (await open_world(box, "ledger", ["add"])).call_all(calls)
        made = [(call, str(one.content_sha256)) for call, one in zip(calls, done.observations, strict=True)]
        again = await open_world(box, "ledger", ["add"], recorded=Recorded(made, done.checkpoint))
        next_turn = (await again.call_all([add, READ])).observations
    assert [one.text for one in next_turn] == ["bank: 12", "plan:\nfirst"]
    assert isinstance(done.checkpoint, Checkpoint) and made[0][1] == sha256_text("bank: 3")
