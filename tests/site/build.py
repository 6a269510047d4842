"""Writes pages, reference and navigation to a folder and runs Zensical, which fails on a broken link or anchor."""

import json
import subprocess
import sys
from pathlib import Path

from tests.house.places import ROOT
from tests.site.gathered import gather
from tests.site.navigation import navigation
from tests.site.reference import PAGES

CONFIG = ".github/zensical.toml"


class BrokenSite(Exception):
    """The site has a broken link, or Zensical refused its settings; the message has what it printed."""


def build(folder: Path) -> Path:
    """Build the site below `folder`; returns the folder of its HTML. Raises BrokenSite."""
    docs = folder / "docs"
    gather(docs)
    for place, (_, write) in PAGES.items():
        (docs / place).parent.mkdir(parents=True, exist_ok=True)
        (docs / place).write_text(write(), "utf-8")
    config = (ROOT / CONFIG).read_text("utf-8")
    nav = f"nav = {_toml(navigation())}\n"
    (folder / "zensical.toml").write_text(config.replace("[project]\n", f"[project]\n{nav}", 1), "utf-8")
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokenSite(done.stdout + done.stderr)
    return folder / "site"


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
