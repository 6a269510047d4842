"""Writes the page of a night: one HTML file that needs no server and no network, light or dark, wide or on a phone.

Names, reasons and ids come from pages and models: the template escapes them, the page runs no script, and its
content-security-policy allows its own style and nothing else. The same figures give the same bytes.
"""

import base64
import hashlib
from importlib.resources import files

import jinja2
from markupsafe import Markup

from warehouse.console.terminal import visible
from warehouse.report.drawing import can_draw
from warehouse.report.figures import NightFigures
from warehouse.report.sections import sections
from warehouse.report.summary import key_figures, release_line


def night_page(night: NightFigures) -> str:
    """The HTML text of a night's page."""
    style = _file("style.css")
    return _environment().from_string(_file("page.html")).render(
        run_id=visible(night.run_id),
        before=visible(night.before or ""),
        release=f"Release: {visible(release_line(night))}",
        figures=key_figures(night),
        sections=sections(night),
        draws=can_draw(),
        style=Markup(style),  # noqa: S704
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )  # fmt: skip


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )


def _file(name: str) -> str:
    return files("warehouse").joinpath("report", name).read_text("utf-8")
