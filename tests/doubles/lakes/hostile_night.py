"""A lake of several domains and nights whose names and answers are hostile: HTML, Markdown, control characters."""

from datetime import UTC, date, datetime, timedelta

import orjson

from schemas import Decision
from tests.doubles.lakes.small_lake import make_small_lake, write_records
from warehouse.lake import Lake, PartName

FIRST = date(2026, 11, 7)
DOMAINS = ("search", "general_agentic", '<img src=x onerror="alert(1)">', "](javascript:alert(1))|\x1b[2J")
REASONS = ("outcome:wrong_answer", "leakage:answer_in_system_prompt", "status:</td><script>alert(1)</script>")


def write_hostile_nights(lake: Lake, nights: int = 4) -> str:
    """Write the nights with one refine over all, which refuses some for hostile reasons; returns the newest run_id."""
    decisions = list[Decision]()
    day = FIRST
    for number in range(nights):
        day = FIRST + timedelta(days=number)
        made = make_small_lake(day, seed=number, n_tasks=12, samples=2, words=10 * (number + 1), domains=DOMAINS)
        write_records(lake, day, made)
        for place, row in enumerate(made.trajectories):
            reason = None if place % 4 == 0 else REASONS[place % len(REASONS)]
            decisions.append(
                _decision(row.trajectory_id, day, reason, made.trajectories[place - place % 4].trajectory_id)
            )
    lake.write(Decision, decisions, PartName(day, "refine", 0))
    return day.isoformat()


def _decision(trajectory_id: str, day: date, reason: str | None, keeper: str) -> Decision:
    gate, _, code = (reason or "outcome:ok").partition(":")
    gates = {
        "outcome": {"keep": True, "reason": "ok", "value": None},
        gate: {"keep": reason is None, "reason": code, "value": None},
    }
    return Decision(
        trajectory_id=trajectory_id,
        refine_id="refine",
        kept=reason is None,
        reasons=[reason] if reason else [],
        gates=orjson.dumps(gates).decode(),
        cluster_id=f"cluster of {keeper}",
        keeper_id=keeper,
        similarity=0.5,
        decided_at=datetime(2026, 12, 7, 12, tzinfo=UTC),
        run_id=day.isoformat(),
    )
