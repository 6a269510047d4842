"""The sections of a night's page: which figures, in which tables and charts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from warehouse.console.terminal import shortened, visible
from warehouse.report import charts
from warehouse.report.drawing import PAGE, Spec, can_draw, svg
from warehouse.report.figures import NightFigures, Row
from warehouse.report.summary import release_line

MOST_CHARS = 120
"""Characters of a text in a cell; longer ones are cut."""
COST_NIGHTS = 10


@dataclass(frozen=True)
class Table:
    """Rows of text; the first `words` columns stand left, those with numbers right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int
    title: str = ""


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading."""

    id: str
    title: str
    tables: Sequence[Table] = ()
    charts: Sequence[Markup] = ()
    note: str = ""


def sections(night: NightFigures) -> list[Section]:
    """All sections, in the order of the page."""
    return [
        _funnel(night),
        _horizon(night),
        _passing(night),
        _tools(night),
        _refusals(night),
        _clusters(night),
        _cost(night),
        _trends(night),
        Section("release", "Release", note=release_line(night)),
    ]


def _funnel(night: NightFigures) -> Section:
    rows = night.tonight["funnel"]
    whole = [row for row in rows if row["domain"] == "all"]
    rows = rows if len(_names(rows)) > 2 else whole
    table = _table(rows, ["domain", "fate", "reason"], ["attempts", "share", "tokens"])
    note = "Every planned attempt is published, or has a reason."
    return Section("funnel", "Funnel", [table], _drawn([charts.fates(whole, PAGE)]), note)


def _horizon(night: NightFigures) -> Section:
    rows = night.tonight["horizon_histogram"]
    panels = [charts.horizon([row for row in rows if row["domain"] == name], PAGE) for name in _names(rows)]
    sizes = ["trajectories", *(f"{name}_tokens" for name in ("mean", "p10", "p50", "p90", "p99", "max", "goal"))]
    lengths = night.of("night_horizon", night.run_id)
    table = _table(lengths, ["domain"], [*sizes, "share_of_goal"], "Tokens of a trajectory")
    turns = _table(lengths, ["domain"], ["mean_turns", "p90_turns", "mean_calls", "p90_calls"], "Turns and calls")
    ends = ["domain", "composer", "ending", "reason"]
    endings = _table(night.tonight["censoring"], ends, ["attempts", "share", "mean_turns", "mean_tokens"], "Endings")
    note = "The goal of each domain is a mean; the mix of all domains needs 45,000 tokens."
    return Section("horizon", "Horizon", [table, turns, endings], _drawn(panels), note)


def _passing(night: NightFigures) -> Section:
    rows = night.tonight["pass_by_hops"]
    table = _table(rows, ["domain", "composer", "hops"], ["attempts", "judged", "solved", "pass_rate", "kept"])
    judged = [row | {"line": f"{row['domain']}: {row['composer']}"} for row in rows if row["pass_rate"] is not None]
    drawn = [charts.trend(judged, "pass_rate", "Pass rate by hops", by="line", along="hops")] if judged else []
    note = "Finished attempts that are not delegated ones; hops are links on a task's path."
    return Section("passing", "Pass rate by composer and hops", [table], _drawn(drawn), note)


def _tools(night: NightFigures) -> Section:
    kinds = ["calls", "share_ok", "ok", "empty", "truncated", "blocked", "fault", "mean_chars"]
    calls = _table(night.tonight["tool_use"], ["domain", "tool"], kinds, "Calls by kind of observation")
    faults = _table(night.tonight["night_faults"], ["code"], ["occurrences"], "Faults of the rollout")
    return Section("tools", "Tools and faults", [calls, faults])


def _refusals(night: NightFigures) -> Section:
    rows = [{**row, "examples": "\n".join(row["examples"])} for row in night.tonight["refused_examples"]]
    table = _table(rows, ["gate", "reason", "examples"], ["attempts", "tokens"])
    note = "An attempt that several gates refuse counts at each of them. The command factory show prints one."
    return Section("refusals", "Refusals by gate", [table], note=note)


def _clusters(night: NightFigures) -> Section:
    rows = [{**row, "members": "\n".join(row["members"] or ())} for row in night.tonight["night_clusters"]]
    table = _table(rows, ["domain", "keeper_id", "members"], ["size", "attempts", "mean_similarity"])
    note = "The largest clusters with an attempt of this night: the keeper, and three of the others of this night."
    return Section("clusters", "Near-duplicate clusters", [table], note=note)


def _cost(night: NightFigures) -> Section:
    spent = ["runs", "teacher_seconds", "gpu_seconds", "sampled_tokens", "tool_seconds", "cost", "finished", "kept"]
    each = [f"{name}_per_kept" for name in ("sampled_tokens", "gpu_seconds", "cost")]
    rows = [row for row in night.trends["night_cost"] if row["run_id"] in night.nights[-COST_NIGHTS:]]
    return Section("cost", "Cost", [_table(rows[::-1], ["run_id"], [*spent, *each])])


def _trends(night: NightFigures) -> Section:
    if night.before is None:
        return Section("trends", "Trends", note="The lake has one night yet.")
    shown = [
        charts.trend(night.trends["nights"], "kept", "Kept trajectories"),
        charts.trend(_domains(night.trends["night_horizon"]), "mean_tokens", "Mean tokens", by="domain"),
        charts.trend(_with(night.trends["nights"], "pass_rate"), "pass_rate", "Pass rate"),
        charts.trend(
            _with(night.trends["night_cost"], "sampled_tokens_per_kept"),
            "sampled_tokens_per_kept",
            "Sampled tokens of a kept row",
        ),
    ]
    counts = ["fetched_pages", "finished", "judged", "solved", "kept", "pass_rate", "tokens"]
    table = _table(night.trends["nights"][::-1], ["run_id"], counts)
    return Section("trends", "Trends", [table], _drawn(shown))


def _names(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(row["domain"] for row in rows))


def _domains(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["domain"] != "all"]


def _with(rows: Iterable[Row], name: str) -> list[Row]:
    return [row for row in rows if row[name] is not None]


def _drawn(specs: Iterable[Spec]) -> list[Markup]:
    """The charts as SVG, whose texts the drawing library escapes; none without the extra."""
    return [Markup(svg(spec, PAGE)) for spec in specs] if can_draw() else []  # noqa: S704


def _table(rows: Iterable[Row], words: Sequence[str], numbers: Sequence[str], title: str = "") -> Table:
    columns = [*words, *numbers]
    heads = ["night" if name == "run_id" else name.replace("_", " ") for name in columns]
    return Table(heads, [[_shown(name, row[name]) for name in columns] for row in rows], len(words), title)


def _shown(name: str, value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        if "share" in name or "rate" in name:
            return f"{value:.1%}"
        return f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return visible(shortened(str(value), MOST_CHARS))
