"""The catalogue of gates: trajectories with one fault each, and similar ones without it that must be kept."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.refine.decide import run_refine
from flows.settings import Refine, Settings
from schemas import Verdict
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 20)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "search",
            "parameters": {
                "type": "object",
                "properties": {
                    "query": {"type": "string", "minLength": 1},
                    "page": {"type": "integer", "minimum": 1, "maximum": 9},
                    "order": {"enum": ["new", "old"]},
                    "tags": {"type": ["array", "null"]},
                    "lang": {"anyOf": [{"type": "string", "minLength": 2}, {"type": "null"}], "default": None},
                    "since": {"oneOf": [{"type": "integer", "exclusiveMinimum": 1900}, {"enum": ["ever", None]}]},
                    "mode": {"const": "web"},
                    "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                    "free": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Free"}]},
                },
                "required": ["query"],
                "additionalProperties": False,
            },
        },
    }
]
ERRORS = [
    "openai.APIConnectionError: Connection error.",
    "litellm.RateLimitError: too many",
    "APITimeoutError: Request timed out.",
    "Error: Request timed out.",
    '{"error": {"message": "Rate limit reached", "code": 429}}',
    "<html>\r\n<head><title>502 Bad Gateway</title></head>",
]
"""Error texts of clients and proxies in place of an answer."""
LOOP = "and then I look at the page again, "
Columns = dict[str, Any]


def answers(home: Path, cases: dict[str, SmallLake], **refine: object) -> dict[str, Columns]:
    """Refine many lakes of one trajectory together; returns case -> gate -> answer."""
    settings = Settings(home=home, refine=Refine.model_validate(refine))
    for seq, made in enumerate(cases.values()):
        write_records(Lake(settings.lake), DAY, made, seq)
    run_refine(settings, DAY, silent)
    with connect(Lake(settings.lake)) as con:
        rows = dict(con.execute("select trajectory_id, gates from decisions").fetchall())
    return {case: json.loads(rows[made.trajectories[0].trajectory_id]) for case, made in cases.items()}


def reasons(home: Path, gate: str, cases: dict[str, SmallLake], **refine: object) -> dict[str, str]:
    """Returns case -> the gate's reason; `ok` if it keeps the row."""
    found = {case: gates[gate] for case, gates in answers(home, cases, **refine).items()}
    return {case: "ok" if answer["keep"] else answer["reason"] for case, answer in found.items()}


class Lakes:
    """Makes lakes of one good trajectory each, all different, with one change."""

    def __init__(self) -> None:
        self.seed = 0

    def __call__(self, *, task: Columns | None = None, row: Columns | None = None, **turns: Columns) -> SmallLake:
        """`turns` are changes by turn: t2 is the agent's first, t3 its observation, last the answer."""
        self.seed += 1
        made = make_small_lake(DAY, n_tasks=1, samples=1, seed=self.seed)
        made.tasks[0] = made.tasks[0].model_copy(update=task or {})
        made.trajectories[0] = made.trajectories[0].model_copy(update=row or {})
        for name, change in turns.items():
            place = -1 if name == "last" else int(name[1:])
            made.turns[place] = made.turns[place].model_copy(update=change)
        return made

    def answering(self, answer: str, truth: str | None = None) -> SmallLake:
        return self(task={"answer": truth} if truth else {}, row={"answer": answer}, last={"content": answer})


@pytest.fixture
def lake() -> Lakes:
    return Lakes()


def test_calls_are_validated_against_the_schemas_of_the_row(tmp_path: Path, lake: Lakes) -> None:
    """A student trained on calls that its own tools refuse fails at its first step."""

    def called(arguments: object, tool: str = "search", kind: str = "ok") -> SmallLake:
        calls = json.dumps([{"id": "call_0", "name": tool, "arguments": arguments}])
        made = lake(row={"tools": json.dumps(TOOLS)}, t2={"tool_calls": calls}, t3={"kind": kind})
        keep = {id: turn for id, turn in enumerate(made.turns) if id < 4 or id == len(made.turns) - 1}
        made.turns[:] = [turn.model_copy(update={"index": place}) for place, turn in enumerate(keep.values())]
        return made

    good: list[object] = [
        {"query": "a"},
        {"query": "a", "page": 9, "order": "old", "tags": []},
        {"query": "a", "tags": None},
        {"query": "a", "lang": "en", "since": 1901, "mode": "web", "share": 0.5, "free": 5},
        {"query": "a", "lang": None, "since": "ever"},
        {"query": "a", "since": None},
    ]
    unfit: list[Columns] = [{"query": ""}, {"query": 5}, {"more": 1}, {"page": 0}, {"page": 1.5}, {"page": True}]
    unfit += [{"order": "best"}, {"tags": "x"}]
    odd: list[Columns] = [{"lang": 5}, {"lang": "e"}, {"since": 1900}, {"since": "never"}, {"mode": "map"}]
    odd += [{"share": 0}, {"share": 1}, {"share": None}]
    bad: list[object] = [{"query": "a"} | one for one in unfit] + [{}, {"page": 1}, [], "a", None]
    found = reasons(
        tmp_path,
        "arguments",
        {f"good {n}": called(one) for n, one in enumerate(good)}
        | {f"bad {n}": called(one) for n, one in enumerate(bad)}
        | {f"odd {n}": called({"query": "a"} | one) for n, one in enumerate(odd)}
        | {"tool": called({"query": "a"}, "fly"), "refused": called({"query": ""}, kind="blocked")},
    )
    assert [case for case, reason in found.items() if reason == "ok"] == [f"good {n}" for n in range(len(good))]
    assert found["bad 0"] == "served:argument_unfit"
    assert found["refused"] == "argument_unfit"
    assert found["tool"] == "served:unknown_tool"
    assert found["bad 8"] == "served:argument_missing"


def test_the_whole_schema_counts_and_a_hostile_one_does_no_harm(tmp_path: Path, lake: Lakes) -> None:
    """Nested arguments are validated; an untrusted schema must not fetch, hang or hide other faults."""
    schema: Columns = {
        "type": "object",
        "properties": {
            "code": {"type": "string", "pattern": "^[a-z]{2}$"},
            "place": {"$ref": "#/$defs/Place"},
            "ids": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
        },
        "$defs": {"Place": {"type": "object", "properties": {"at": {"type": "number"}}, "required": ["at"]}},
    }
    hostile: Columns = {
        "properties": {
            "far": {"$ref": "http://127.0.0.1:1/schema.json"},
            "slow": {"type": "string", "pattern": "^(a+)+$"},
            "odd": {"type": "any"},
            "near": {"type": "integer"},
        },
        "required": ["near"],
    }

    def called(arguments: Columns, schema: Columns) -> SmallLake:
        tools = [{"type": "function", "function": {"name": "search", "parameters": schema}}]
        calls = json.dumps([{"id": "call_0", "name": "search", "arguments": arguments}])
        made = lake(row={"tools": json.dumps(tools)}, t2={"tool_calls": calls}, t3={"kind": "blocked"})
        made.turns[:] = [
            turn.model_copy(update={"index": place}) for place, turn in enumerate(made.turns[:4] + made.turns[-1:])
        ]
        return made

    good: list[tuple[Columns, Columns]] = [
        ({"code": "en", "place": {"at": 1.5}, "ids": [1, 2]}, schema),
        ({"near": 1, "far": 1, "odd": [], "slow": "a" * 40}, hostile),
    ]
    bad: list[tuple[Columns, Columns, str]] = [
        ({"code": "eng"}, schema, "unfit"),
        ({"place": {"at": "here"}}, schema, "unfit"),
        ({"place": {}}, schema, "missing"),
        ({"ids": [1, "2"]}, schema, "unfit"),
        ({"ids": [1, 1]}, schema, "unfit"),
        ({"near": 1, "slow": "a" * 40 + "b"}, hostile, "unfit"),
        ({"near": "1"}, hostile, "unfit"),
        ({"far": 1}, hostile, "missing"),
    ]
    cases = {f"good {n}": called(*one) for n, one in enumerate(good)}
    cases |= {f"bad {n}": called(*one[:2]) for n, one in enumerate(bad)}
    found = reasons(tmp_path, "arguments", cases)
    assert found == {f"good {n}": "ok" for n in range(len(good))} | {
        f"bad {n}": f"argument_{fault}" for n, (_, _, fault) in enumerate(bad)
    }


def test_one_refused_call_among_many_is_kept(tmp_path: Path, lake: Lakes) -> None:
    """An agent that corrects a wrong argument after the tool's error is a useful example."""
    made = lake(
        row={"tools": json.dumps(TOOLS)},
        t2={"tool_calls": '[{"id": "call_0", "name": "search", "arguments": {}}]'},
        t3={"kind": "blocked"},
    )
    made.turns[:] = [
        turn.model_copy(
            update={"tool_calls": json.dumps([{"id": f"call_{n}", "name": "search", "arguments": {"query": f"{n}"}}])}
        )
        if turn.tool_calls and (n := turn.index // 2 - 1)
        else turn
        for turn in made.turns
    ]
    assert reasons(tmp_path, "arguments", {"one": made}, max_invalid_call_share=0.25) == {"one": "ok"}


def test_answers_that_are_cut_off_or_blank_are_refused(tmp_path: Path, lake: Lakes) -> None:
    """An empty form teaches nothing; a form filled in Chinese or Russian is an answer."""
    cases = {
        "limit": lake(last={"finish_reason": "length"}),
        "blank": lake.answering("____"),
        "form": lake.answering("Final answer:"),
        "code": lake.answering("Use this:\n```python\nprint(1)"),
        "whole code": lake.answering("Use this:\n```python\nprint(1)\n```"),
        "symbol": lake.answering("+=", truth="+="),
        "chinese": lake.answering("Answer: 北京"),
        "russian": lake.answering("The answer is Москва."),
    }
    assert reasons(tmp_path, "answer", cases) == {
        "limit": "cut_by_limit",
        "blank": "blank",
        "form": "blank",
        "code": "cut_in_code",
        **dict.fromkeys(("whole code", "symbol", "chinese", "russian"), "ok"),
    }


def test_domains_have_their_own_minimum_length(tmp_path: Path, lake: Lakes) -> None:
    cases = {"search": lake(), "code": lake(row={"domain": "code"}), "turns": lake(row={"domain": "web"})}
    found = reasons(tmp_path, "min_calls", cases, min_calls_by_domain={"code": 9}, min_turns_by_domain={"web": 9})
    assert found == {"search": "ok", "code": "few_calls", "turns": "few_turns"}


def test_an_agent_that_repeats_the_same_text_is_refused(tmp_path: Path, lake: Lakes) -> None:
    """Degenerate text has a high likelihood, so a student learns it first; boards and tables repeat legitimately."""
    same = lake()
    same.turns[:] = [t.model_copy(update={"reasoning": LOOP * 3}) if t.role == "assistant" else t for t in same.turns]
    page = lake(t3={"observation": LOOP * 60})
    cases = {
        "loop": lake(t2={"reasoning": LOOP * 40}),
        "half": lake(t2={"reasoning": "".join(map(str, range(400))) + LOOP * 60}),
        "letters": lake(last={"reasoning": "好" * 900}),
        "short": lake(last={"reasoning": "the " * 140}),
        "short letters": lake(last={"reasoning": "好" * 190}),
        "board": lake(
            t2={"reasoning": "The board is " + "0 1 0 0 1 0 1 1 0 2 1 0 1 2 2 " * 2 + "and I shall look it up."}
        ),
        "short table": lake(t2={"reasoning": "".join(f"| {n} | {n * n} |\n" for n in range(40))}),
        "messages": same,
        "page": page,
        "prose": lake(t2={"reasoning": " ".join(f"{n} pages of {n * 7} were read" for n in range(200))}),
    }
    assert reasons(tmp_path, "repetition", cases) == {
        "loop": "same_words",
        "half": "same_words",
        "letters": "same_words",
        "messages": "same_message",
        **dict.fromkeys(("short", "short letters"), "same_words"),
        **dict.fromkeys(("page", "prose", "board", "short table"), "ok"),
    }


def test_error_text_is_refused_as_an_answer_and_kept_as_a_quotation(tmp_path: Path, lake: Lakes) -> None:
    """Error texts of a client or proxy must not be learned, and right answers that name an error must be kept."""
    cases = {
        "status": lake.answering("Error code: 429 - rate limit"),
        "server": lake.answering("Internal Server Error"),
        "trace": lake.answering("Traceback (most recent call last):\n  File"),
        "nan": lake.answering("NaN"),
        "noise": lake(t2={"reasoning": "so " + "!" * 400}),
        "right": lake.answering("nan", truth="nan"),
        "about": lake.answering("It raises TimeoutError, an error of the server."),
        "nan.": lake.answering("NaN.", truth="nan"),
        "raised": lake.answering("JSONDecodeError is raised", truth="JSONDecodeError"),
        "class": lake.answering("ValidationError."),
        "code": lake.answering("**500 Internal Server Error**, says the page.", truth="500 Internal Server Error"),
        "site": lake.answering("google.com: it was the first to do so."),
        "not a number": lake.answering("NaN 北京"),
        "page of HTML": lake.answering("<html><body>Chapter 502 begins here</body></html>"),
        **{error: lake.answering(error) for error in ERRORS},
        "other truth": lake.answering("Error code: 429 - rate limit", truth="Error code: 4"),
        "page": lake(t3={"observation": "Traceback (most recent call last): Error code: 429 " + "!" * 400}),
    }
    found = reasons(tmp_path, "error_text", cases)
    assert found == {
        **dict.fromkeys(("status", "server", "trace", "other truth", *ERRORS), "error_text"),
        "nan": "no_value",
        "noise": "garbled",
        **dict.fromkeys(("right", "about", "page"), "ok"),
        **dict.fromkeys(("nan.", "raised", "class", "code", "site", "not a number", "page of HTML"), "ok"),
    }


def test_addresses_that_no_tool_returned_must_not_be_cited(tmp_path: Path, lake: Lakes) -> None:
    """A student trained on invented addresses and tool results invents its own."""
    url = "https://wiki.test/a_b"
    cases = {
        "made up": lake.answering(f"See {url}."),
        "opened": lake(row={"answer": url}, last={"content": f"See {url}/."}, t3={"url": url}),
        "listed": lake(row={"answer": url}, last={"content": f"({url})."}, t5={"observation": f"1. {url} A page"}),
        "asked": lake(task={"instruction": url}, last={"content": url}, t1={"content": f"What is {url} about?"}),
        "on the way": lake(t2={"content": f"Perhaps {url} has it."}),
        "local": lake.answering("Open http://localhost:8000/ or http://www.example.com/x"),
        "fenced": lake.answering(f"Call it:\n```python\nrequests.get('{url}')\n```\nThat is all."),
        "after the fence": lake.answering(f"```\nprint(1)\n```\nAs {url} says."),
        "http": lake(last={"content": f"See {url}."}, t3={"url": url.replace("https", "http")}),
        "tool": lake(t4={"reasoning": "<tool_response>The answer is 5</tool_response>"}),
        "call": lake(t4={"content": "<tool_call>{}</tool_call>"}),
        "function": lake(t4={"content": "<function=search><parameter=query>x</parameter></function>"}),
        "invoke": lake(t4={"content": '<invoke name="search"><parameter name="query">x</parameter></invoke>'}),
        "function cut": lake(t4={"content": "<function=search> x"}),
        "invoke cut": lake(t4={"content": '<invoke name="search"> x'}),
        "markup of pages": lake(t4={"content": "<function>f</function> <invoke>g</invoke> <b>h</b>"}),
        "react": lake(t4={"content": "Thought: look\nAction: search\nAction Input: moon\nObservation: It is far."}),
        "react again": lake(t4={"content": "Action 2: search[moon]\nObservation 2: It is far.", "parse": "bad_json"}),
        "observed": lake(t4={"content": "Two things matter.\nObservation: the moon is far.\nAction: look again."}),
        "unparsed": lake(t4={"content": "<tool_call>{", "parse": "bad_json"}),
        "quoted": lake(t4={"content": "It writes <tool_call> first."}, t3={"observation": "Write <tool_call> first."}),
    }
    assert reasons(tmp_path, "invention", cases) == {
        **dict.fromkeys(("made up", "after the fence"), "url_never_shown"),
        **dict.fromkeys(("opened", "listed", "asked", "on the way", "local", "unparsed", "quoted"), "ok"),
        **dict.fromkeys(("fenced", "http"), "ok"),
        **dict.fromkeys(("tool", "call", "function", "invoke", "function cut", "invoke cut"), "tool_markup"),
        **dict.fromkeys(("react", "react again"), "tool_markup"),
        **dict.fromkeys(("markup of pages", "observed"), "ok"),
    }


def test_a_look_up_that_no_call_made_is_refused(tmp_path: Path, lake: Lakes) -> None:
    """A student would learn to announce a look-up and to write its result itself."""

    def alone(instruction: str, answer: str) -> SmallLake:
        made = lake(
            task={"instruction": instruction}, row={"answer": answer, "n_tool_calls": 0}, t1={"content": instruction}
        )
        last = made.turns[-1].model_copy(update={"content": answer, "index": 2})
        made.turns[:] = [*made.turns[:2], last]
        return made

    asked = "Who is on call tonight"
    cases = {
        "source": alone(asked, "I open the rota. Mira Quist, until eight. So it is Mira Quist."),
        "label": alone(
            "Chi è di turno", "Interrogo il calendario dei turni.\n\nRisultato: Mira Conti\n\nÈ Mira Conti."
        ),
        "pasted": alone("Rota: Mira until eight. Who is on call", "I read the rota. It is Mira until eight."),
        "plan": alone("How do I see who is on call", "Open the rota page. It shows a name for each night."),
    }
    assert reasons(tmp_path, "invention", cases) == {
        **dict.fromkeys(("source", "label"), "search_never_made"),
        **dict.fromkeys(("pasted", "plan"), "ok"),
    }


def test_an_order_that_only_reading_calls_follow_is_not_carried_out(tmp_path: Path, lake: Lakes) -> None:
    """A student would learn to report an order as done after a look at its object."""

    def did(answer: str, *names: str, instruction: str = "Close ticket 88.") -> SmallLake:
        made = lake(
            task={"instruction": instruction},
            row={"answer": answer},
            t1={"content": instruction},
            last={"content": answer},
        )
        acting = iter(names)
        made.turns[:] = [  # no call twice: an attempt that repeats one watches something
            turn.model_copy(update={"tool_calls": _called(next(acting, "ticket_get"), place)})
            if turn.tool_calls
            else turn
            for place, turn in enumerate(made.turns)
        ]
        return made

    change = "Set the rate in tax.py."
    blank = (
        "Fill in the blank: \"Set ____ to close the archive.\" (It is linked from: 'Remove the file, don't move it.')"
    )
    cases = {
        "quoted": did("mode", instruction=blank),
        "of the quotation": did("the archive", instruction=blank),
        "only read": did("Ticket 88 is closed."),
        "acted": did("Ticket 88 is closed.", "ticket_update"),
        "denied": did("Ticket 88 could not be closed."),
        "question": did("Ticket 88 is closed.", instruction="Is ticket 88 closed?"),
        "unseen": did("I checked the totals and they match.", *["edit_file"] * 9, instruction=change),
        "seen": did("I checked the totals and they match.", "edit_file", instruction=change),
    }
    assert reasons(tmp_path, "claims", cases) == {
        "only read": "nothing_done",
        "unseen": "never_verified",
        **dict.fromkeys(("quoted", "of the quotation", "acted", "denied", "question", "seen"), "ok"),
    }


def _called(name: str, place: int) -> str:
    return json.dumps([{"id": "call_0", "name": name, "arguments": {"id": "88", "part": place}}])


def test_a_slip_into_another_script_is_refused_unless_a_page_uses_it(tmp_path: Path, lake: Lakes) -> None:
    """A student would learn to change its language in the middle of a thought."""
    slip = "I look at the page and 然后我再看一次 and answer."
    cases = {
        "slip": lake(t2={"reasoning": slip}),
        "russian": lake(t4={"reasoning": "The town is известный город."}),
        "thai": lake(t2={"reasoning": "I think สวัสดีครับผมจะค้นหาอีกครั้ง and go on"}),
        "hebrew": lake(t2={"reasoning": "I think שלום אני אחפש שוב and go on"}),
        "hindi": lake(t2={"reasoning": "I think नमस्ते मैं फिर से खोजूंगा and go on"}),
        "hindi page": lake(t2={"reasoning": "It is नमस्ते मैं"}, t3={"observation": "नमस्ते is a greeting."}),
        "page": lake(t2={"reasoning": slip}, t3={"observation": "東京 is the capital."}),
        "asked": lake(t2={"reasoning": slip}, t1={"content": "什么是首都?"}),
        "korean": lake(t2={"reasoning": slip}, t1={"content": "수도는 어디입니까?"}),
        "asked in korean": lake(t2={"reasoning": "나는 다시 찾아본다 and go on"}, t1={"content": "수도는 어디입니까?"}),
        "accents": lake(t2={"reasoning": "La Coruña, Æthelred, naïve, Σ and π"}),
    }
    found = reasons(tmp_path, "language", cases)
    assert found == {
        **dict.fromkeys(("slip", "russian", "thai", "hebrew", "hindi", "korean"), "other_script"),
        **dict.fromkeys(("hindi page", "page", "asked", "asked in korean", "accents"), "ok"),
    }


def test_refusals_and_guesses_are_refused_and_mentions_of_them_are_kept(tmp_path: Path, lake: Lakes) -> None:
    """A student that learns to answer `unknown` stops searching."""
    cases = {
        "sorry": lake.answering("I'm sorry, but I can't help with that."),
        "gave up": lake.answering("I could not find the answer."),
        "unknown": lake.answering("Unknown."),
        "guess": lake.answering("My best guess is Varnay"),
        "thought": lake(last={"reasoning": "Nothing says it. I'll guess the first one."}),
        "early": lake(t2={"reasoning": "I could guess, but let me look it up: a guess is not enough."}),
        "film": lake.answering("Sorry We Missed You"),
        "true": lake.answering("Unknown", truth="Unknown"),
        "bold": lake.answering("**I could not find the answer.**"),
    }
    assert reasons(tmp_path, "refusal", cases) == {
        "sorry": "refusal",
        **dict.fromkeys(("gave up", "unknown", "bold"), "gave_up"),
        **dict.fromkeys(("guess", "thought"), "guess"),
        **dict.fromkeys(("early", "film", "true"), "ok"),
    }


def test_words_on_whoever_marks_are_refused_unless_something_read_has_them(tmp_path: Path, lake: Lakes) -> None:
    """A student would learn to write for a grader that its users do not have."""
    cases = {
        "answer that came along": lake(t4={"reasoning": "It is the same as in the attached answer."}),
        "whoever marks": lake(t4={"reasoning": "Whoever marks this wants a single word."}),
        "target": lake(t4={"reasoning": "The dataset lists it as the target answer."}),
        "config": lake(
            t4={"reasoning": "The system prompt says hello."}, t3={"observation": "system_prompt: say hello"}
        ),
        "machine": lake(
            t4={"reasoning": "The grader levels roads."}, t3={"observation": "A motor grader levels roads."}
        ),
        "pupils": lake(
            task={"instruction": "Which pupil failed question 2?"}, t4={"reasoning": "The expected answer is B."}
        ),
    }
    assert reasons(tmp_path, "leakage", cases) == {
        **dict.fromkeys(("answer that came along", "whoever marks", "target"), "speaks_of_grader"),
        **dict.fromkeys(("config", "machine", "pupils"), "ok"),
    }


def test_a_message_that_no_call_sent_is_refused_and_a_report_of_one_is_kept(tmp_path: Path, lake: Lakes) -> None:
    """A student would learn to report a message instead of sending it."""
    report = "Yes, Anna was notified on Monday."
    order, question = {"instruction": "Tell Anna that the review moved."}, {"instruction": "Was Anna told of the move?"}
    cases = {
        "claimed": lake(task=order, last={"content": "Anna has been notified that the review moved."}),
        "german": lake(task=order, last={"content": "Anna wurde über die neue Zeit am Freitag um 14 Uhr informiert."}),
        "italian": lake(task=order, last={"content": "Anna è stata avvisata."}),
        "reported": lake(task=question, row={"answer": report}, last={"content": report}),
    }
    assert reasons(tmp_path, "claims", cases) == {
        **dict.fromkeys(("claimed", "german", "italian"), "never_sent"),
        "reported": "ok",
    }


def test_a_mirror_of_a_benchmark_is_refused_and_its_neighbour_is_kept(tmp_path: Path, lake: Lakes) -> None:
    def opened(url: str) -> SmallLake:
        return lake(t3={"url": url})

    cases = {
        "set": opened("https://huggingface.co/datasets/x/gaia"),
        "sub": opened("http://www.huggingface.co/datasets/x"),
        "docs": opened("https://huggingface.co/docs/datasets/"),
        "other": opened("https://nothuggingface.co/datasets/"),
        "query": opened("https://a.test/?u=huggingface.co/datasets/"),
        "blocked": lake(t3={"url": "https://huggingface.co/datasets/x/gaia", "kind": "blocked"}),
    }
    found = reasons(tmp_path, "leakage", cases)
    assert {case for case, reason in found.items() if reason == "benchmark_mirror"} == {"set", "sub"}


def test_a_mirror_matches_in_any_spelling_of_its_address(tmp_path: Path, lake: Lakes) -> None:
    """A pasted list that matches nothing would let a benchmark's answers into a release."""
    cases = {"read": lake(t3={"url": "https://sub.quiz.org/data/1"}), "other": lake(t3={"url": "https://quiz.org/faq"})}
    for place, spelt in enumerate(("https://quiz.org/data/", " quiz.org/data", "*.quiz.org/data/")):
        found = reasons(tmp_path / str(place), "leakage", cases, benchmark_mirrors=[spelt])
        assert found == {"read": "benchmark_mirror", "other": "ok"}


def test_evidence_counts_as_read_if_opened_or_listed(tmp_path: Path, lake: Lakes) -> None:
    def elsewhere(made: SmallLake, **first: object) -> SmallLake:
        made.turns[:] = [
            t.model_copy(update={"url": "http://other.test/"}) if t.role == "tool" else t for t in made.turns
        ]
        made.turns[3] = made.turns[3].model_copy(update=first)
        return made

    listed, never, unshown = lake(), lake(), lake()
    cases = {
        "opened": lake(),
        "listed": elsewhere(listed, url=None, observation=f"1. {listed.tasks[0].path[1].url} A page"),
        "never": elsewhere(never),
        "unshown": elsewhere(unshown, url=unshown.tasks[0].path[1].url, kind="empty"),
        "none asked": elsewhere(lake(task={"evidence": []})),
    }
    assert reasons(tmp_path, "evidence", cases) == {
        **dict.fromkeys(("opened", "listed", "none asked"), "ok"),
        **dict.fromkeys(("never", "unshown"), "not_consulted"),
    }


def test_a_judges_verdict_decides_if_there_is_one(tmp_path: Path, lake: Lakes) -> None:
    def judged(*passed: bool) -> SmallLake:
        made = lake()
        whole = next(v for v in made.verdicts if v.turn_index is None)
        for n, one in enumerate(passed):
            update = {"verifier": f"judge{n}", "judge_model": "m", "passed": one}
            made.verdicts.append(Verdict.model_validate(whole.model_copy(update=update).model_dump()))
        return made

    cases = {"none": judged(), "both": judged(True, True), "one": judged(True, False)}
    assert reasons(tmp_path, "judge", cases) == {"none": "ok", "both": "ok", "one": "judge_refused"}


def test_a_process_verifier_gives_no_outcome(tmp_path: Path, lake: Lakes) -> None:
    """Reading the right page is no proof of a right answer; a check that runs the answer is one."""
    read, ran = lake(), lake()
    read.verdicts[:] = [v.model_copy(update={"passed": v.verifier == "evidence_consulted"}) for v in read.verdicts]
    ran.verdicts[:] = [v.model_copy(update={"verifier": "tests_pass"}) for v in ran.verdicts if v.turn_index is None][
        :1
    ]
    assert reasons(tmp_path, "outcome", {"read": read, "ran": ran}) == {"read": "wrong_answer", "ran": "ok"}


def test_a_final_state_is_right_only_for_all_of_its_verifiers(tmp_path: Path, lake: Lakes) -> None:
    """Doing nothing leaves no collateral damage: trained on, the student learns to do nothing."""
    cases = {}
    for form in ("text", "state"):
        for name, passed in {"half": (True, False), "whole": (True, True)}.items():
            made = lake(task={"answer_form": form})
            whole = [v for v in made.verdicts if v.turn_index is None and v.verifier != "evidence_consulted"]
            judged = [one.model_copy(update={"passed": ok}) for one, ok in zip(whole, passed, strict=True)]
            made.verdicts[:] = judged
            cases[f"{form} {name}"] = made
    assert reasons(tmp_path, "outcome", cases) == {
        "text half": "ok",
        "text whole": "ok",
        "state half": "wrong_answer",
        "state whole": "ok",
    }


def test_shortcut_signals_measure_how_much_work_an_answer_took(tmp_path: Path, lake: Lakes) -> None:
    """Rows solved by a shortcut are distinguishable from others, without a gate that decides on it."""
    early = lake()
    truth = early.tasks[0].answer
    early.turns[2] = early.turns[2].model_copy(update={"reasoning": f"Surely {truth}."})
    early.turns[5] = early.turns[5].model_copy(update={"observation": f"It is {truth}, as all know."})
    late = lake()
    late.turns[3] = late.turns[3].model_copy(update={"observation": f"It is {late.tasks[0].answer}."})
    part = lake()
    part.turns[3] = part.turns[3].model_copy(update={"observation": f"It is {part.tasks[0].answer}ness."})
    answers(tmp_path, {"early": early, "late": late, "part": part})
    with connect(Lake(tmp_path / "lake")) as con:
        rows = con.execute(
            "select trajectory_id, answer_seen_at, named_early, calls_to_solve, distinct_pages, repeated_queries,"
            " pass_rate from shortcut_signals"
        ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    assert found[early.trajectories[0].trajectory_id] == (5, True, 4, 2, 0, 1.0)
    assert found[late.trajectories[0].trajectory_id] == (3, False, 4, 2, 0, 1.0)
    assert found[part.trajectories[0].trajectory_id][:2] == (None, True)
