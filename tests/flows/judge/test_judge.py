"""The judge over a lake: verdicts by majority, nothing judged twice, nothing sent that is switched off or too long."""

import multiprocessing
import time
from datetime import date
from pathlib import Path

import pytest

from flows.judge.rubric import load_rubric
from flows.judge.tries import MAX_TRIES
from flows.judge.verdict_parts import FIRST_UNREADABLE, JudgeError
from flows.refine.audit import draw_sample, read_labels
from flows.refine.decide import run_refine
from flows.settings import Judge, SettingsError
from tests.doubles.lakes.small_lake import make_small_lake
from tests.flows.judge.bench import DAY, FAIL, MUMBLE, PASS, home_of, judge, judging, rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

NEXT = date(2026, 11, 21)
SPAWN = multiprocessing.get_context("spawn")
VERDICTS = "select trajectory_id, passed, score, reason from verdicts where judge_model is not null order by all"


def test_each_finished_attempt_is_judged_once_by_majority(tmp_path: Path) -> None:
    """An attempt judged twice is paid for twice; an aborted one is no attempt to learn from."""
    made = make_small_lake(DAY, kinds={(0, 0): "aborted", (1, 0): "wrong"})
    votes = {True: [PASS, MUMBLE, f"Sure.\n```json\n{PASS}\n```"], False: [FAIL, PASS, FAIL]}
    with judging(lambda user, n: votes["Something else" not in user][n]) as (fake, panel):
        settings = home_of(tmp_path, fake, made)
        counts = judge(settings)
        assert fake.requests == 3 * 11 and set(panel.asked.values()) == {3}
        assert judge(settings)["judged"] == 0
        assert fake.requests == 3 * 11
        prompts = {(body["messages"][0]["content"], body["model"]) for body in fake.bodies}
    assert counts == {"judged": 11, "passed": 10, "failed": 1, "steps": 0, "unreadable": 0, "skipped": 0}
    found = rows(settings, VERDICTS)
    (wrong,) = made.of_kind("wrong")
    assert [row for row in found if not row[1]] == [(wrong, False, 0.5, "misread")]
    assert {row[1:] for row in found if row[0] != wrong} == {(True, 1.0, "ok")}
    rubric = load_rubric(settings.judge)
    assert prompts == {(rubric.system, fake.model)}
    assert rows(settings, "select distinct verifier, judge_model, judge_prompt_sha256, run_id from verdicts "
                "where judge_model is not null") == [("judge", fake.model, rubric.sha256, "2026-11-20")]  # fmt: skip


@pytest.mark.slow
def test_the_gate_obeys_and_every_count_adds_up(tmp_path: Path) -> None:
    """A judge that no gate obeys is money for nothing."""
    made = make_small_lake(DAY, n_tasks=3)
    refused = made.trajectories[0].trajectory_id
    answer = made.tasks[0].instruction
    with judging(lambda user, n: FAIL if answer in user else PASS) as (fake, _):
        settings = home_of(tmp_path, fake, made, votes=1)
        judge(settings)
    run_refine(settings, DAY, silent)
    reasons = dict(rows(settings, "select trajectory_id, reasons from decisions"))
    assert reasons[refused] == ["judge:judge_refused"]
    assert sum(not one for one in reasons.values()) == 4
    refusals = "select distinct attempts from funnel where reason = 'judge:judge_refused'"
    assert rows(settings, refusals) == [(2,)]
    with connect(Lake(settings.lake)) as con:
        assert not any(run_checks(con).values())


def test_turns_of_the_agent_get_verdicts_of_their_own(tmp_path: Path) -> None:
    made = make_small_lake(DAY, n_tasks=1, samples=1)
    reply = (
        PASS[:-1] + ', "steps": [{"turn": 2, "ok": true, "reason": "ok"}, {"turn": 4, "ok": false, "reason": "other"}]}'
    )
    with judging(lambda user, n: reply) as (fake, _):
        settings = home_of(tmp_path, fake, made, steps=True)
        assert judge(settings)["steps"] == 2
    found = rows(settings, "select turn_index, passed, reason from verdicts where judge_model is not null order by all")
    assert found == [(2, True, "ok"), (4, False, "other"), (None, True, "ok")]


@pytest.mark.slow
def test_unreadable_attempts_are_tried_again_but_not_for_ever(tmp_path: Path) -> None:
    """An unreadable reply must become no verdict, and must not be paid for night after night."""
    made = make_small_lake(DAY, n_tasks=2, samples=1)
    odd = made.tasks[0].instruction
    with judging(lambda user, n: MUMBLE if odd in user else PASS) as (fake, _):
        settings = home_of(tmp_path, fake, made)
        counts = [judge(settings) for _ in range(MAX_TRIES + 1)]
        assert fake.requests == 3 * (1 + MAX_TRIES)
    assert [one["unreadable"] for one in counts] == [1] * MAX_TRIES + [0]
    assert [one["skipped"] for one in counts] == [0] * MAX_TRIES + [1]
    assert len(rows(settings, VERDICTS)) == 1


def test_a_model_that_writes_nothing_readable_ends_the_step(tmp_path: Path) -> None:
    """A night that goes on would pay for the whole lake, and release everything as unjudged."""
    with judging(lambda user, n: MUMBLE) as (fake, panel):
        settings = home_of(tmp_path, fake, make_small_lake(DAY, n_tasks=20), concurrency=2)
        with pytest.raises(JudgeError, match=r"big-model gave no readable verdict.*judge\.teacher"):
            judge(settings)
        assert fake.requests < 3 * (FIRST_UNREADABLE + 8)
        panel.say = lambda user, n: PASS
        assert judge(settings)["judged"] == 40, "the judge failed, so no attempt has used up a try"


def test_a_failed_request_leaves_no_verdict_and_keeps_the_others(tmp_path: Path) -> None:
    """A service that is down for an hour must cost neither a verdict nor one that is paid for."""

    def breaks(user: str, n: int) -> str:
        if len(panel.asked) == 5:
            fake.always = "500"
        return PASS

    with judging(breaks) as (fake, panel):
        settings = home_of(tmp_path, fake, make_small_lake(DAY), concurrency=1, votes=1)
        with pytest.raises(Exception, match="500"):
            judge(settings)
        assert len(rows(settings, VERDICTS)) == 5
        fake.always, before = None, fake.requests
        assert judge(settings)["judged"] == fake.requests - before == 7
    assert len({id for id, *_ in rows(settings, VERDICTS)}) == 12


@pytest.mark.slow
def test_a_changed_rubric_or_model_judges_anew_and_the_newest_night_decides(tmp_path: Path) -> None:
    """A verdict under a rubric that was found wrong must not refuse rows for ever."""
    rubric = tmp_path / "rubric.md"
    rubric.write_text("Be strict.\n\n- `misread`: misread\n- `bad`: everything else\n")
    made = make_small_lake(DAY, n_tasks=1, samples=1)
    with judging(lambda user, n: FAIL) as (fake, panel):
        settings = home_of(tmp_path, fake, made)
        judge(settings)
        panel.say = lambda user, n: PASS
        other = settings.model_copy(update={"judge": settings.judge.model_copy(update={"rubric": rubric})})
        assert judge(other, NEXT)["judged"] == 1
        run_refine(settings, DAY, silent)
        assert rows(settings, "select kept from decisions") == [(True,)]
    assert rows(settings, "select count(distinct version) from verdicts where verifier = 'judge'") == [(2,)]


@pytest.mark.parametrize(
    ("text", "says"), [("Be fair.\n", "no reason code"), (b"\xff", "UTF-8"), (None, "no-rubric.md")]
)
def test_a_rubric_that_cannot_be_used_is_refused_by_name(text: str | bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "no-rubric.md"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError, match=rf"judge\.rubric.*{says}"):
        load_rubric(Judge(rubric=path))


@pytest.mark.slow
def test_an_audit_gives_the_judge_an_error_rate_by_its_version(tmp_path: Path) -> None:
    """An unchecked judge refuses rows by an opinion; two judges must not share one rate."""
    made, file = make_small_lake(DAY, n_tasks=4), tmp_path / "audit.csv"
    strict = made.tasks[0].instruction
    with judging(lambda user, n: FAIL if strict in user else PASS) as (fake, _):
        settings = home_of(tmp_path, fake, made, votes=1)
        judge(settings)
        judge(settings.model_copy(update={"judge": settings.judge.model_copy(update={"show_truth": True})}), NEXT)
    with connect(Lake(settings.lake)) as con:
        assert draw_sample(con, settings, 8, 0, file) == 8
    file.write_text("\n".join(["trajectory_id,is_correct", *(f"{row.trajectory_id},yes" for row in made.trajectories)]))
    with connect(Lake(settings.lake)) as con:
        read_labels(con, Lake(settings.lake), settings, file)
    newest = "select max(version) from verdicts where verifier = 'judge' and run_id = '2026-11-21'"
    columns = "version, checked, false_failures, false_passes"
    assert rows(settings, f"select {columns} from verifier_errors where verifier = 'judge'") == [
        (rows(settings, newest)[0][0], 8, 2, 0)
    ]


@pytest.mark.slow
def test_a_killed_judge_goes_on_where_its_parts_end(tmp_path: Path) -> None:
    """A kill costs at most a part and the attempts in flight."""
    with judging(lambda user, n: PASS, delay_s=0.01) as (fake, _):
        settings = home_of(tmp_path, fake, make_small_lake(DAY, n_tasks=40), votes=1, concurrency=2)
        process = SPAWN.Process(target=judge, args=(settings,))
        process.start()
        deadline = time.monotonic() + 60
        while not (settings.lake / "verdict" / "date=2026-11-20" / "2026-11-20-judge-000000.parquet").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
        process.join()
        written, asked = len(rows(settings, VERDICTS)), fake.requests
        assert 16 <= written < 80 and asked - written <= 16 + 2 * 2 + 2
        assert judge(settings)["judged"] == 80 - written
        assert fake.requests - asked == 80 - written
    assert len({row[0] for row in rows(settings, VERDICTS)}) == len(rows(settings, VERDICTS)) == 80
