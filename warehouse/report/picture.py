"""Saves the histogram of trajectory lengths as a picture: an SVG or PNG file (`factory stats --out`)."""

from pathlib import Path

import duckdb

from warehouse.console.progress import write_bytes_atomic
from warehouse.console.stats import mart_rows
from warehouse.report import charts
from warehouse.report.drawing import PRINT, png, svg


class PictureError(Exception):
    """The picture cannot be saved in the requested format; the message names those that can."""


def check_picture(path: Path) -> None:
    """Raise PictureError for a suffix other than .svg and .png."""
    if path.suffix.lower() not in (".svg", ".png"):
        raise PictureError(f"{path}: plots are saved as SVG or PNG; choose a file name that ends in .svg or .png")


def save_horizon(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Save the mart `horizon_histogram` as a picture, whole or not at all.

    Raises PictureError for another suffix, and DrawingError without the extra `report`.
    """
    check_picture(path)
    chart = charts.horizon(mart_rows(con, "horizon_histogram"), PRINT)
    drawn = png(chart, PRINT) if path.suffix.lower() == ".png" else svg(chart, PRINT).encode()
    write_bytes_atomic(path, drawn)
