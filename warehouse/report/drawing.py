"""Draws charts: a Vega-Lite specification becomes SVG or PNG, by vl-convert, without a browser or the network.

vl-convert is an extra, since its wheel takes 84 MB; the same specification gives the same bytes. A theme is either the
colours of a file that stands alone, or variables of the page that shows the chart, so that one drawing serves a light
and a dark page.
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.console.terminal import shortened, visible

Spec = dict[str, Any]
"""A Vega-Lite specification; values are data of pages and models, so no key of it may come from them."""

PNG_SCALE = 2.0
LABEL_CHARS = 120
"""Characters of a text in a chart; longer ones are cut."""


class DrawingError(Exception):
    """The extra that draws charts is missing; the message names it."""


@dataclass(frozen=True)
class Theme:
    """Colours of a chart; `ground` is None where the page gives it."""

    ink: str
    quiet: str
    line: str
    kept: str
    planned: str
    bad: str
    series: tuple[str, ...]
    ground: str | None = None

    def config(self) -> Spec:
        """The `config` of a specification."""
        axis = {"labelColor": self.quiet, "titleColor": self.quiet, "domainColor": self.line, "tickColor": self.line}
        return {
            "background": self.ground,
            "font": "DejaVu Sans, system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": {**axis, "gridColor": self.line, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": 400},
            "legend": {"labelColor": self.ink, "titleColor": self.quiet, "orient": "top", "title": None, "columns": 2},
            "header": {"labelColor": self.ink, "labelFontSize": 12, "title": None},
            "title": {"color": self.ink, "subtitleColor": self.quiet, "anchor": "start", "fontSize": 13},
            "line": {"color": self.kept},
            "point": {"color": self.kept},
            "text": {"color": self.ink, "fontSize": 11},
            "range": {"category": list(self.series)},
        }  # fmt: skip


PRINT = Theme(
    ink="#1f2328",
    quiet="#57606a",
    line="#d8dee4",
    kept="#2166ac",
    planned="#c3d5ea",
    bad="#b5442e",
    series=("#2166ac", "#b5442e", "#3a7d44", "#8a5aa8", "#b8860b", "#4a8f99", "#a0527a"),
    ground="#ffffff",
)
"""The colours of a picture that stands alone."""

PAGE = Theme(
    ink="var(--ink)",
    quiet="var(--quiet)",
    line="var(--line)",
    kept="var(--kept)",
    planned="var(--planned)",
    bad="var(--bad)",
    series=tuple(f"var(--series-{number})" for number in range(1, 8)),
)
"""Variables of the page that holds the chart."""


def can_draw() -> bool:
    """True if the extra is installed."""
    return importlib.util.find_spec("vl_convert") is not None


def svg(spec: Mapping[str, Any], theme: Theme) -> str:
    """The chart as SVG text without scripts, styles or links. Raises DrawingError."""
    drawn: str = _converter().vegalite_to_svg(_drawable(spec) | {"config": theme.config()}, allowed_base_urls=[])
    return drawn


def png(spec: Mapping[str, Any], theme: Theme) -> bytes:
    """The chart as PNG at twice its size. Raises DrawingError."""
    options = {"scale": PNG_SCALE, "allowed_base_urls": []}
    drawn: bytes = _converter().vegalite_to_png(_drawable(spec) | {"config": theme.config()}, **options)
    return drawn


def _drawable(value: Any) -> Any:
    """The specification with texts that XML can hold: at a control character vl-convert ends the whole process."""
    if isinstance(value, str):
        return shortened(visible(value, lines=False), LABEL_CHARS)
    if isinstance(value, Mapping):
        return {name: _drawable(one) for name, one in value.items()}
    return [_drawable(one) for one in value] if isinstance(value, list | tuple) else value


def _converter() -> Any:
    try:
        import vl_convert
    except ImportError as error:
        raise DrawingError('charts need the extra `report`: pip install "horizon-factory[report]"') from error
    return vl_convert
