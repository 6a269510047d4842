"""The alert of a real night that fails: from the command through Prefect to the receiver."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.receiver import receiver

KILLED_NIGHT = """
import os, signal, sys
from pathlib import Path
from flows.schedule.night_log import NightLog
NightLog(Path(sys.argv[1])).write("started", night="2026-11-27")
os.kill(os.getpid(), signal.SIGKILL)
"""
FACTORY = Path(sys.executable).with_name("factory")


def _files_with(folder: Path, word: bytes) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and word in path.read_bytes()]


@pytest.mark.slow
def test_a_failing_night_sends_its_message_and_one_about_the_killed_night_before_it(tmp_path: Path) -> None:
    """A cron job without alerts fails every night until the team misses its data; a killed night reports nothing."""
    (tmp_path / "home").mkdir()
    subprocess.run([sys.executable, "-c", KILLED_NIGHT, str(tmp_path / "home" / "state")], check=False)
    (tmp_path / "home" / "factory.toml").write_text('[crawl]\nfolders = ["no-such-folder"]\n')
    with receiver("hook-9f3c") as inbox:
        places = {"FACTORY_NOTIFY__URLS": f'["{inbox.address}"]', "PREFECT_HOME": str(tmp_path / "prefect")}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("FACTORY_")} | places
        ran, status = (
            subprocess.run(
                [FACTORY, *words], cwd=tmp_path / "home", env=environment, capture_output=True, text=True, check=False
            )
            for words in (["run", "--date", "2026-11-28"], ["status"])
        )
    assert ran.returncode == 1
    earlier, text = inbox.texts
    assert "The night 2026-11-27 of " in earlier and " did not end: its process " in earlier
    assert "The night 2026-11-28 of " in text and f"{tmp_path / 'home'} failed: SettingsError: crawl.folders" in text
    assert "kept rows 0 · tokens 0 · fetched pages 0" in text
    assert [message["type"] for message in inbox.received] == ["failure", "failure"]
    assert "alert: Horizon Factory: night 2026-11-28 failed" in status.stdout
    assert b"hook-9f3c" not in (ran.stdout + ran.stderr + status.stdout).encode()
    assert _files_with(tmp_path, b"hook-9f3c") == []
