"""The charts of a night, as Vega-Lite specifications: lengths against the goal, trends, shares of refusals.

Each takes rows of a mart as dictionaries and the theme's colours. They fit a phone: none is wider than WIDTH.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.console.plots import holds_goal
from warehouse.report.drawing import Spec, Theme

Row = Mapping[str, Any]
WIDTH, HEIGHT, ROW_HEIGHT = 300, 110, 20
MOST_BARS, MOST_LABELS, LABEL_CHARS = 12, 6, 32


def horizon(rows: Sequence[Row], theme: Theme) -> Spec:
    """Lengths of trajectories in bins, one panel per domain; rows of the mart `horizon_histogram`."""
    domains = list(dict.fromkeys(row["domain"] for row in rows))
    panels = [_lengths([row for row in rows if row["domain"] == domain], theme) for domain in domains]
    return {"vconcat": panels or [_empty("no finished trajectory yet")], "spacing": 24}


def _lengths(rows: Sequence[Row], theme: Theme) -> Spec:
    bins = [_bin(row) for row in rows]
    counts = [
        {"bin": name, "kind": kind, "count": count}
        for name, row in zip(bins, rows, strict=True)
        for kind, count in (("published", row["published"]), ("not published", row["trajectories"] - row["published"]))
    ]
    tops = [{"bin": name, "count": row["trajectories"]} for name, row in zip(bins, rows, strict=True)]
    goal = [name for name, row in zip(bins, rows, strict=True) if holds_goal(row)]
    place = {"field": "bin", "type": "ordinal", "sort": bins, "axis": {"title": "tokens", "labelAngle": -40}}
    count = {"field": "count", "type": "quantitative", "axis": None}
    kinds = {"domain": ["published", "not published"], "range": [theme.kept, theme.planned]}
    mean, share, wanted = (rows[0][name] for name in ("mean_tokens", "share_of_goal", "goal_tokens"))
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "title": {
            "text": str(rows[0]["domain"]),
            "subtitle": f"{mean:,.0f} tokens on average, {share:.1%} of the goal of {wanted:,}",
        },
        "layer": [
            {
                "data": {"values": [{"bin": name} for name in goal]},
                "mark": {"type": "bar", "width": {"band": 1}, "color": theme.bad, "opacity": 0.15},
                "encoding": {"x": place},
            },
            {
                "data": {"values": [{"bin": name, "text": "goal"} for name in goal]},
                "mark": {"type": "text", "y": 8, "color": theme.bad},
                "encoding": {"x": place, "text": {"field": "text", "type": "nominal"}},
            },
            {
                "data": {"values": counts},
                "mark": {"type": "bar"},
                "encoding": {"x": place, "y": count, "color": {"field": "kind", "type": "nominal", "scale": kinds}},
            },
            {
                "data": {"values": [row for row in tops if row["count"]]},
                "mark": {"type": "text", "dy": -6},
                "encoding": {"x": place, "y": count, "text": {"field": "count", "type": "quantitative", "format": ","}},
            },
        ],
    }  # fmt: skip


def fates(rows: Sequence[Row], theme: Theme) -> Spec:
    """Attempts by fate and reason as bars, the most frequent MOST_BARS; rows of the mart `funnel` of one domain."""
    ended = sorted((row for row in rows if row["fate"] != "planned"), key=lambda row: -row["attempts"])[:MOST_BARS]
    values = [
        {
            "name": row["reason"] if len(row["reason"]) <= LABEL_CHARS else row["reason"][:LABEL_CHARS] + "…",
            "fate": row["fate"],
            "attempts": row["attempts"],
        }
        for row in ended
    ]
    if not values:
        return _empty("no attempt has ended yet")
    place = {"field": "name", "type": "nominal", "sort": None, "axis": {"title": None, "labelLimit": 220}}
    colours = {"domain": ["published", "rejected", "unfinished"], "range": [theme.kept, theme.bad, theme.planned]}
    return {
        "width": WIDTH - 60,
        "height": {"step": ROW_HEIGHT},
        "data": {"values": values},
        "encoding": {"y": place, "x": {"field": "attempts", "type": "quantitative", "axis": None}},
        "layer": [
            {"mark": "bar", "encoding": {"color": {"field": "fate", "type": "nominal", "scale": colours}}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"text": {"field": "attempts", "type": "quantitative", "format": ","}},
            },
        ],
    }


def trend(rows: Sequence[Row], value: str, title: str, by: str | None = None, along: str = "run_id") -> Spec:
    """One figure night by night: a line with points, or one line for each value of the column `by`."""
    encoding: Spec = {
        "x": {"field": along, "type": "ordinal", "axis": _places(rows, along)},
        "y": {"field": value, "type": "quantitative", "axis": {"title": None, "tickCount": 4, "format": _form(value)}},
    }
    if by:
        encoding["color"] = {"field": by, "type": "nominal"}
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "title": title,
        "data": {"values": [{name: row[name] for name in (along, value, *([by] if by else []))} for row in rows]},
        "mark": {"type": "line", "point": True},
        "encoding": encoding,
    }


def _empty(note: str) -> Spec:
    return {"width": WIDTH, "height": 1, "title": note, "data": {"values": list[Row]()}, "mark": "point"}


def _places(rows: Sequence[Row], along: str) -> Spec:
    """An axis with at most MOST_LABELS labels, so that they never overlap."""
    places = sorted({row[along] for row in rows})
    step = -(-len(places) // MOST_LABELS) or 1
    is_night = along == "run_id"
    shown = {"title": None if is_night else along, "labelAngle": -40 if is_night else 0}
    return {**shown, "values": places[::-1][::step]}


def _form(value: str) -> str:
    """The number format of an axis: shares in percent, else with SI prefixes."""
    return ".0%" if value.endswith("rate") else "~s"


def _bin(row: Row) -> str:
    low, high = (_short(row[name]) for name in ("from_tokens", "to_tokens"))
    return f"{low}-{high}" if high else f"{low}+"


def _short(tokens: int | None) -> str:
    if tokens is None:
        return ""
    return f"{tokens / 1000:g}K" if tokens % 1024 else f"{tokens // 1024}Ki" if tokens else "0"
