"""The agent loop stepped by hand: every ending, every budget, and a resume that equals an uninterrupted run."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.environments.tool import Answer, ToolSpec
from flows.rollout.journal.turn_encoding import decode_turn, encode_turn
from flows.rollout.loop.acts import Act, Brief, CallTools, Commit, Ending, Generate, Parse, Render
from flows.rollout.loop.agent import attempt, turn_seed
from flows.rollout.loop.episode import Entry, Episode
from flows.rollout.loop.instructions import format_error_text
from flows.rollout.protocol import Completion, ContextExceeded, Extension, Parsed, Sampling
from flows.rollout.tools.observation import Performed, observe
from flows.settings import Rollout
from schemas.trajectory import Turn
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.scripted import Script, ScriptedTeacher, TinyDialect, call, spoken

DIALECT = TinyDialect()
LIMITS = Rollout(max_observation_chars=4_000)
SEARCH = ToolSpec("search", "Search.", {"type": "object", "properties": {"query": {"type": "string"}}})
BRIEF = Brief(
    trajectory_id="t1",
    run_id="2026-01-02",
    system="You search.",
    instruction="Which island?",
    tools=(SEARCH,),
    max_turns=4,
    max_tokens=20_000,
    max_seconds=0,
    max_repeated_calls=3,
    sampling=Sampling(0.7, 0.95, 400, seed=7),
)


def searching(prompt: str, seed: int, turns: int = 3) -> str:
    """Searches with a new query each turn, then answers."""
    n = spoken(prompt)
    return f"<think>{seed}</think>It is Varnay." if n + 1 >= turns else call("search", query=f"words {n}")


class Driven:
    """Performs the acts of one attempt and records its committed entries."""

    def __init__(self, script: Script, brief: Brief = BRIEF, tool: Callable[[str], str] = lambda query: "nothing"):
        self.brief, self.tool = brief, tool
        self.teacher = ScriptedTeacher(script)
        self.entries: list[Entry] = []
        self.acts: list[Act] = []
        self.rendered: list[tuple[str, ...]] = []
        self.ending: Ending | None = None
        self.window = 1_000_000
        """Tokens of a prompt that the server refuses."""

    def run(self, entries: list[Entry] | None = None, commits: int | None = None) -> Ending | None:
        """Resume from entries; stop after a number of commits, as a kill would."""
        self.entries = list(entries or [])
        episode = Episode(self.brief.trajectory_id, self.brief.run_id)
        episode.add(self.entries)
        loop, result, committed, refused = attempt(self.brief, episode), None, 0, False
        while committed != commits:
            try:
                act = loop.throw(ContextExceeded("too long", self.window)) if refused else loop.send(result)
            except StopIteration as end:
                self.ending = end.value
                return self.ending
            self.acts.append(act)
            refused = isinstance(act, Generate) and len(act.prompt_ids) >= self.window
            result = None if refused else self.perform(act)
            committed += isinstance(act, Commit)
        return None

    def perform(self, act: Act) -> Extension | Completion | Parsed | Performed | None:
        match act:
            case Render(stream, after, messages):
                self.rendered.append(tuple(message.role for message in messages))
                opened = DIALECT.open(messages, ()) if after is None else DIALECT.extend(stream, after, messages)
                return asyncio.run(opened)
            case Generate(prompt, sampling):
                return asyncio.run(self.teacher.generate(prompt, sampling, self.brief.trajectory_id))
            case Parse(completion):
                return asyncio.run(DIALECT.parse(completion, ()))
            case CallTools(calls):
                texts = [self.tool(str(one.arguments.get("query"))) for one in calls]
                return Performed(
                    [observe(one, Answer(text), LIMITS, 0.5) for one, text in zip(calls, texts, strict=True)]
                )
            case Commit(entries):
                self.entries += [decode_turn(encode_turn(entry)) for entry in entries]
        return None

    @property
    def turns(self) -> list[Turn]:
        return [entry.turn for entry in self.entries]

    def roles(self) -> list[str]:
        return [turn.role for turn in self.turns]


def test_an_answer_ends_the_attempt() -> None:
    driven = Driven(searching)
    assert driven.run() == Ending("answered", "It is Varnay.")
    assert driven.roles() == ["system", "user", "assistant", "tool", "assistant", "tool", "assistant"]
    assert driven.turns[3].observation == "nothing"
    assert driven.turns[3].tool_call_id == "call_0"
    assert json.loads(driven.turns[2].tool_calls or "") == [
        {"id": "call_0", "name": "search", "arguments": {"query": "words 0"}}
    ]
    assert (driven.turns[-1].reasoning or "").isdigit()


def test_each_turn_is_committed_before_anything_else_happens() -> None:
    """Otherwise a kill would lose a turn whose tokens were already sampled."""
    driven = Driven(searching)
    driven.run()
    kinds = [type(act).__name__ for act in driven.acts]
    assert kinds[:2] == ["Render", "Commit"]
    assert kinds[2:] == [
        *["Generate", "Parse", "Commit", "CallTools", "Render", "Commit"] * 2, "Generate", "Parse", "Commit",
    ]  # fmt: skip


def test_thirty_turns_are_token_exact() -> None:
    """The stored ids equal the prompt of every completion, and the sampled ids equal the teacher's."""
    driven = Driven(lambda prompt, seed: searching(prompt, seed, 30), replace(BRIEF, max_turns=40, max_tokens=60_000))
    driven.run()
    places = [at for at, turn in enumerate(driven.turns) if turn.role == "assistant"]
    assert len(places) == 30
    for at, (prompt, sampled) in zip(places, driven.teacher.exchanges, strict=True):
        before = [token for turn in driven.turns[:at] for token in turn.token_ids]
        turn = driven.turns[at]
        cue = [token for token, own in zip(turn.token_ids, turn.sampled, strict=True) if not own]
        assert before + cue == prompt
        assert [token for token, own in zip(turn.token_ids, turn.sampled, strict=True) if own] == sampled
        assert turn.logprobs == pytest.approx([-token / 512 for token in sampled])


def test_at_the_turn_cap_the_answer_is_requested_once_in_a_tool_message() -> None:
    """A user message would make chat templates strip the reasoning before it."""
    driven = Driven(lambda prompt, seed: "It is Melvoe." if "answer now" in prompt else searching(prompt, seed, 99))
    assert driven.run() == Ending("turn_cap", "It is Melvoe.")
    assert driven.roles().count("assistant") == BRIEF.max_turns + 1
    assert driven.rendered[-1] == ("tool", "tool")
    assert driven.roles().count("user") == 1
    generated = [act for act in driven.acts if isinstance(act, Generate)]
    assert [act.must_answer for act in generated] == [False] * BRIEF.max_turns + [True]


def test_a_model_that_will_not_answer_at_the_cap_ends_without_one() -> None:
    driven = Driven(lambda prompt, seed: searching(prompt, seed, 99))
    assert driven.run() == Ending("turn_cap", None)
    assert not any(isinstance(act, CallTools) for act in driven.acts[-4:])


def test_a_full_context_asks_for_the_answer_while_one_still_fits() -> None:
    brief = replace(BRIEF, max_turns=99, max_tokens=3_000)
    script: Script = lambda prompt, seed: "It is Tordra." if "answer now" in prompt else searching(prompt, seed, 99)  # noqa: E731
    driven = Driven(script, brief, tool=lambda query: "x" * 700)
    assert driven.run() == Ending("context_cap", "It is Tordra.")
    assert all(len(prompt) + len(ids) <= 3_000 for prompt, ids in driven.teacher.exchanges)


def test_an_observation_that_fills_the_context_ends_the_attempt_with_a_status() -> None:
    brief = replace(BRIEF, max_turns=99, max_tokens=3_000)
    driven = Driven(lambda prompt, seed: searching(prompt, seed, 99), brief, tool=lambda query: "x" * 3_500)
    assert driven.run() == Ending("context_cap", None)
    assert driven.roles()[-1] == "assistant"


def test_a_prompt_that_the_server_refuses_ends_the_attempt_with_what_it_has() -> None:
    """Its window is smaller than its card claims: five of five long attempts were lost as failures."""
    driven = Driven(lambda prompt, seed: searching(prompt, seed, 99), tool=lambda query: "x" * 700)
    driven.window = 1_500
    assert driven.run() == Ending("context_cap")
    assert driven.roles()[-2:] == ["assistant", "tool"]
    stored = [token for turn in driven.turns for token in turn.token_ids]
    assert stored[: len(driven.teacher.exchanges[-1][0])] == driven.teacher.exchanges[-1][0]


def test_no_completion_of_zero_tokens_is_requested() -> None:
    """A server refuses it, which would lose the attempt as a failure."""
    generated = []
    for max_tokens in range(1, 240):
        driven = Driven(searching, replace(BRIEF, max_tokens=max_tokens))
        ending = driven.run()
        generated += [act.sampling.max_tokens for act in driven.acts if isinstance(act, Generate)]
        assert ending and ending.status in {"context_cap", "looped"}
    assert generated and min(generated) == 1


def test_a_task_longer_than_the_window_costs_no_completion() -> None:
    driven = Driven(searching, replace(BRIEF, instruction="x" * 30_000))
    assert driven.run() == Ending("context_cap")
    assert not driven.teacher.exchanges


def test_a_repeated_call_ends_as_looped() -> None:
    driven = Driven(lambda prompt, seed: call("search", query="same"))
    assert driven.run() == Ending("looped", error="same_call")
    assert driven.roles().count("assistant") == 3


def test_polling_until_a_job_is_done_is_not_a_loop() -> None:
    """An agent that waits for a build or runs the tests after each fix repeats a call whose result changes."""
    progress = iter(range(1, 9))

    def poll(prompt: str, seed: int) -> str:
        return "Done." if spoken(prompt) == 6 else call("search", query="job")

    driven = Driven(poll, replace(BRIEF, max_turns=9), tool=lambda query: f"{next(progress)} of 6")
    assert driven.run() == Ending("answered", "Done.")


def test_a_job_that_stops_progressing_ends_as_looped() -> None:
    """Counting starts again at the last change, also after a kill between any two commits."""
    progress = iter([1, 2, 2, 2])
    driven = Driven(
        lambda prompt, seed: call("search", query="job"),
        replace(BRIEF, max_turns=9),
        tool=lambda query: str(next(progress)),
    )
    entries = None
    while not driven.run(entries, commits=1):
        entries = driven.entries
    assert driven.ending == Ending("looped", error="same_call")
    assert [turn.observation for turn in driven.turns if turn.role == "tool"] == ["1", "2", "2"]


def test_equal_calls_with_others_between_them_are_not_a_loop() -> None:
    driven = Driven(
        lambda prompt, seed: call("search", query=f"{spoken(prompt) % 2}") if spoken(prompt) < 4 else "Yes."
    )
    assert driven.run() == Ending("turn_cap", "Yes.")


def budget_lines(driven: Driven) -> list[str | None]:
    return [turn.observation for turn in driven.turns if (turn.observation or "").startswith("Budget: ")]


def test_a_long_attempt_reads_how_much_of_its_budget_is_spent() -> None:
    """Every ten turns, and at 50, 75 and 90 % of the turns; the same lines after a kill between any two commits."""
    brief = replace(BRIEF, max_turns=40, max_tokens=1_000_000)
    driven = Driven(lambda prompt, seed: searching(prompt, seed, 38), brief)
    driven.run()
    turns = [str(line).split(" of 40;")[0] for line in budget_lines(driven)]
    assert turns == [f"Budget: turn {turn}" for turn in (10, 20, 30, 36)]
    killed = Driven(lambda prompt, seed: searching(prompt, seed, 38), brief)
    entries = None
    while not killed.run(entries, commits=1):
        entries = killed.entries
    assert killed.turns == driven.turns


def test_shares_of_the_tokens_are_reported_as_they_are_passed() -> None:
    driven = Driven(
        lambda prompt, seed: searching(prompt, seed, 99),
        replace(BRIEF, max_turns=400, max_tokens=40_000),
        tool=lambda query: "words " * 100,
    )
    driven.run()
    lines = [
        re.fullmatch(r"Budget: turn \d+ of 400; ([\d,]+) of 40,000 tokens\.", line or "")
        for line in budget_lines(driven)
    ]
    spent = [int(line[1].replace(",", "")) / 40_000 for line in lines if line]
    assert len(spent) == len(lines)
    assert all(any(share <= one < share + 0.03 for one in spent) for share in (0.5, 0.75, 0.9))


def test_a_short_attempt_reads_no_budget() -> None:
    driven = Driven(lambda prompt, seed: searching(prompt, seed, 11), replace(BRIEF, max_turns=12))
    driven.run()
    assert budget_lines(driven) == []


def test_seconds_of_teacher_and_tools_run_out() -> None:
    driven = Driven(lambda prompt, seed: searching(prompt, seed, 99), replace(BRIEF, max_seconds=1, max_turns=99))
    assert driven.run() == Ending("timed_out")
    assert driven.roles().count("assistant") == 2


def test_an_unparseable_message_is_reported_twice_and_then_ends_the_attempt() -> None:
    driven = Driven(lambda prompt, seed: "<tool_call>{oops</tool_call>")
    assert driven.run() == Ending("looped", error="format:bad_json")
    assert driven.roles() == ["system", "user", "assistant", "tool", "assistant", "tool", "assistant"]
    report = driven.turns[3]
    assert "bad_json" in (report.observation or "")
    assert (report.content, report.tool, report.kind, report.tool_call_id) == (None, None, None, None)


def test_a_parse_failure_is_explained_in_words() -> None:
    """A model cannot act on an internal reason code, so its next message would fail, too."""
    assert format_error_text("unknown_tool", (SEARCH,)).endswith("the tools are: search")
    assert "cut off" in format_error_text("truncated_call", ())
    assert format_error_text("of_a_dialect_to_come", ()) == "of_a_dialect_to_come"


@pytest.mark.parametrize("words", ["It is. " * 16, "So " * 40, "<tool_call>{oops" + "!" * 30])
def test_degenerate_repetition_ends_the_attempt(words: str) -> None:
    """Format errors would otherwise be reported to it until the budget of a long task is spent."""
    driven = Driven(lambda prompt, seed: words, replace(BRIEF, sampling=replace(BRIEF.sampling, repeat_limit=16)))
    assert driven.run() == Ending("looped", error="repetition")
    assert driven.turns[-1].parse == "repetition"
    assert tiny.decode(driven.turns[-1].token_ids).endswith(f"{words}<|im_end|>"), "the sampled tokens are kept"


def test_repetition_may_be_allowed() -> None:
    driven = Driven(lambda prompt, seed: "It is. " * 16)
    assert driven.run() == Ending("answered", ("It is. " * 16).strip())


def test_the_prompt_tail_of_an_act_does_not_grow_with_the_episode() -> None:
    """Copying the whole history in each turn would take quadratic time over a 45K-token episode."""
    brief = replace(BRIEF, max_turns=60, max_tokens=90_000)
    driven = Driven(lambda prompt, seed: searching(prompt, seed, 50), brief)
    driven.run()
    parsed = [len(act.completion.prompt_ids or []) for act in driven.acts if isinstance(act, Parse)]
    after = [len(act.after.prompt_ids or []) for act in driven.acts if isinstance(act, Render) and act.after]
    assert len(parsed) == 50
    assert max(parsed[1:]) < 120
    assert after == parsed[: len(after)]


def test_an_attempt_continues_after_the_model_corrects_its_format() -> None:
    driven = Driven(lambda prompt, seed: searching(prompt, seed) if "well-formed" in prompt else "<tool_call>{oops")
    assert driven.run() == Ending("answered", "It is Varnay.")


def test_lone_surrogates_are_replaced() -> None:
    """Arrow rejects them: one such reply would prevent a whole part from being written."""
    driven = Driven(lambda prompt, seed: searching(prompt, seed) if spoken(prompt) else call("search", query="\ud800"))
    driven.run()
    assert "\ud800" not in str(driven.turns)
    (driven.turns[2].tool_calls or "").encode()


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 9), script=st.sampled_from(["answer", "cap", "format", "context", "loop", "repetition"]))
def test_an_attempt_killed_after_any_commit_resumes_to_the_same_end(cut: int, script: str) -> None:
    scripts: dict[str, Script] = {
        "answer": searching,
        "cap": lambda prompt, seed: f"Done {seed}." if "answer now" in prompt else searching(prompt, seed, 99),
        "format": lambda prompt, seed: searching(prompt, seed, 5) if spoken(prompt) != 1 else "<tool_call>{oops",
        "context": lambda prompt, seed: f"Done {seed}." if "answer now" in prompt else searching(prompt, seed, 99),
        "loop": lambda prompt, seed: call("search", query="same"),
        "repetition": lambda prompt, seed: searching(prompt, seed, 5) if spoken(prompt) != 2 else "no " * 16,
    }
    brief = replace(BRIEF, max_turns=99, max_tokens=3_000) if script == "context" else BRIEF
    brief = replace(brief, sampling=replace(brief.sampling, repeat_limit=16))
    tool: Callable[[str], str] = lambda query: query * 60  # noqa: E731
    whole = Driven(scripts[script], brief, tool)
    whole.run()

    killed = Driven(scripts[script], brief, tool)
    killed.run(commits=cut)
    before = len(killed.teacher.exchanges)
    resumed = Driven(scripts[script], brief, tool)
    assert (resumed.run(killed.entries) if killed.ending is None else killed.ending) == whole.ending
    assert (resumed.entries or killed.entries) == whole.entries
    assert before + len(resumed.teacher.exchanges) == len(whole.teacher.exchanges)


def test_seeds_differ_by_trajectory_and_turn_and_never_by_run() -> None:
    seeds = {turn_seed(turn_seed(0, name), turn) for name in ("a", "b") for turn in range(50)}
    assert len(seeds) == 100
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert turn_seed(0, "a") == turn_seed(0, "a")


def test_a_turn_survives_the_journal_unchanged() -> None:
    driven = Driven(searching)
    driven.run()
    fresh = [decode_turn(encode_turn(entry)) for entry in driven.entries]
    assert fresh == driven.entries
    assert tiny.decode([token for turn in driven.turns for token in turn.token_ids]).count("<|im_start|>") == 7
