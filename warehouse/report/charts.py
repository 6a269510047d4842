"""The charts of a night, as Vega-Lite specifications: lengths against the goal, trends, shares of refusals.

Each takes rows of a mart as dictionaries and the theme's colours. They fit a phone: none is wider than WIDTH.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.report.drawing import Spec, Theme

Row = Mapping[str, Any]
WIDTH, HEIGHT, ROW_HEIGHT = 300, 110, 18


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
    goal = [name for name, row in zip(bins, rows, strict=True) if _holds(row, row["goal_tokens"])]
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


def trend(rows: Sequence[Row], value: str, title: str, theme: Theme, by: str | None = None) -> Spec:
    """One figure night by night: a line with points, or one line for each value of the column `by`."""
    encoding: Spec = {
        "x": {"field": "run_id", "type": "ordinal", "axis": _nights(rows)},
        "y": {"field": value, "type": "quantitative", "axis": {"title": None, "tickCount": 4, "format": "~s"}},
    }
    if by:
        encoding["color"] = {"field": by, "type": "nominal"}
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "title": title,
        "data": {"values": [{name: row[name] for name in ("run_id", value, *([by] if by else []))} for row in rows]},
        "mark": {"type": "line", "point": True, **({} if by else {"color": theme.kept})},
        "encoding": encoding,
    }


def _empty(note: str) -> Spec:
    return {"width": WIDTH, "height": 1, "title": note, "data": {"values": list[Row]()}, "mark": "point"}


def _nights(rows: Sequence[Row]) -> Spec:
    """An axis of nights with at most six labels, so that they never overlap."""
    nights = sorted({row["run_id"] for row in rows})
    step = -(-len(nights) // 6) or 1
    return {"title": None, "labelAngle": -40, "values": nights[::-1][::step]}


def _holds(row: Row, tokens: int) -> bool:
    low, high = row["from_tokens"], row["to_tokens"]
    return bool(low < tokens and (high is None or tokens <= high))


def _bin(row: Row) -> str:
    low, high = (_short(row[name]) for name in ("from_tokens", "to_tokens"))
    return f"{low}-{high}" if high else f"{low}+"


def _short(tokens: int | None) -> str:
    if tokens is None:
        return ""
    return f"{tokens / 1000:g}K" if tokens % 1024 else f"{tokens // 1024}Ki" if tokens else "0"
