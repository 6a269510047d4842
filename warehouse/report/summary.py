"""A night in a few sentences and one table, beside the night before: for Prefect's page of the run and for the head of
the report.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from warehouse.console.plots import bar
from warehouse.console.terminal import visible
from warehouse.report.figures import NightFigures, Row

BAR_CELLS = 20
MOST_REFUSED = 5
GOAL_TOKENS = 45_000


@dataclass(frozen=True)
class Figure:
    """One figure of a night in words, with that of the night before."""

    name: str
    tonight: str
    before: str = "-"
    note: str = ""


def key_figures(night: NightFigures) -> list[Figure]:
    """The figures that a reader looks at first: attempts, published rows, tokens, length, pass rate, cost."""
    both = [dict(_known(night, run_id)) for run_id in (night.run_id, night.before)]
    return [Figure(name, value, both[1].get(name, "-"), _note(night, name)) for name, value in both[0].items()]


def refused_most(night: NightFigures) -> list[Figure]:
    """The reasons that refused most attempts of the night, with their share of the planned ones on both nights."""
    tonight, before = (_refused(night, run_id) for run_id in (night.run_id, night.before))
    return [Figure(reason, text, before.get(reason, "-")) for reason, text in list(tonight.items())[:MOST_REFUSED]]


def night_markdown(night: NightFigures) -> str:
    """The night on one page of Markdown: figures beside the night before, lengths, refusals, release."""
    before = f"the night before ({_cell(night.before)})" if night.before else "no night before"
    lines = [f"## Night {_cell(night.run_id)}", "", f"| | this night | {before} |", "| --- | ---: | ---: |"]
    lines += [f"| {_cell(one.name)} | {_cell(one.tonight)} | {_cell(one.before)} |" for one in key_figures(night)]
    lines += ["", "### Length against the goal", "", "| domain | | mean tokens | goal |", "| --- | --- | ---: | ---: |"]
    lines += [f"| {_cell(str(row['domain']))} | {_goal(row)} |" for row in night.of("night_horizon", night.run_id)]
    if refused := refused_most(night):
        lines += ["", "### Refused most", "", f"| reason | this night | {before} |", "| --- | ---: | ---: |"]
        lines += [f"| {_cell(one.name)} | {_cell(one.tonight)} | {_cell(one.before)} |" for one in refused]
    lines += ["", f"Release: {_cell(release_line(night))}"]
    return "\n".join(lines) + "\n"


def release_line(night: NightFigures) -> str:
    """The release of the night, or why there is none, in words."""
    if night.release is None:
        return "nothing has been published yet"
    held = f"{night.release['location']} ({night.release['rows']:,} rows, {night.release['tokens']:,} tokens)"
    if night.release["run_id"] != night.run_id:
        return f"none of this night; the newest before it is {held} of {night.release['run_id']}"
    return held


def _known(night: NightFigures, run_id: str | None) -> Iterator[tuple[str, str]]:
    planned = sum(row["attempts"] for row in night.of("night_funnel", run_id, domain="all", fate="planned"))
    for fate in ("planned", "published", "rejected", "unfinished"):
        rows = night.of("night_funnel", run_id, domain="all", fate=fate)
        count, tokens = (sum(row[name] or 0 for row in rows) for name in ("attempts", "tokens"))
        share = f" ({count / planned:.1%})" if planned and fate != "planned" else ""
        yield fate, f"{count:,}{share}, {tokens:,} tokens" if run_id else "-"
    for row in night.of("night_horizon", run_id, domain="all"):
        yield "mean length", f"{row['mean_tokens']:,.0f} tokens, {row['mean_turns']:.1f} turns"
    for row in night.of("nights", run_id):
        if row["pass_rate"] is not None:
            yield "pass rate", f"{row['pass_rate']:.1%} of {row['judged']:,} judged"
    for row in night.of("night_cost", run_id):
        yield "cost of a kept row", _cost(row)


def _cost(row: Row) -> str:
    parts = [
        f"{row['cost_per_kept']:,.4f} paid" if row["cost_per_kept"] is not None else "",
        f"{row['gpu_seconds_per_kept']:,.1f} GPU s" if row["gpu_seconds_per_kept"] else "",
        f"{row['sampled_tokens_per_kept']:,.0f} sampled tokens" if row["sampled_tokens_per_kept"] is not None else "",
    ]
    return ", ".join(part for part in parts if part) or "none kept"


def _note(night: NightFigures, name: str) -> str:
    """The share of the goal, under the mean length."""
    rows = night.of("night_horizon", night.run_id, domain="all")
    return f"{rows[0]['share_of_goal']:.1%} of {GOAL_TOKENS:,}" if rows and name == "mean length" else ""


def _refused(night: NightFigures, run_id: str | None) -> dict[str, str]:
    rows = night.of("night_funnel", run_id, domain="all", fate="rejected")
    return {row["reason"]: f"{row['attempts']:,} ({row['share']:.1%})" for row in rows}


def _goal(row: Row) -> str:
    share = min(1.0, row["share_of_goal"])
    whole = bar(share, BAR_CELLS)
    empty = "░" * (BAR_CELLS - len(whole))
    return f"`{whole}{empty}` {row['share_of_goal']:.1%} | {row['mean_tokens']:,.0f} | {row['goal_tokens']:,}"


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table: no line ends, HTML or marks of Markdown."""
    plain = visible(text, lines=False).replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\")
    for mark in "|`*_[]":
        plain = plain.replace(mark, f"\\{mark}")
    return plain
