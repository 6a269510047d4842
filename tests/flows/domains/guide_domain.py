"""Writes the example domain of the guide to a folder, exactly as the guide prints it."""

import re
from pathlib import Path

GUIDE = Path(__file__).parents[3] / "flows" / "domains" / "GUIDE.md"
FILE = re.compile(r"^## `(?P<path>dials/[^`]+)`.*?^```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def write_guide_domain(folder: Path) -> Path:
    """Write the files of the guide under `folder`; returns the folder of the domain."""
    for file in FILE.finditer(GUIDE.read_text("utf-8")):
        path = folder / file["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["text"], "utf-8")
    return folder / "dials"
