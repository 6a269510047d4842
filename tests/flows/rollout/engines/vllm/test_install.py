"""`factory teacher install`: an interrupted install resumes, and a failed one is never used."""

import json
import sys
from pathlib import Path

import pytest

from flows.rollout.engines.vllm.install import CPU_PACKAGES, MARKER, install
from flows.rollout.protocol import TeacherError
from warehouse.console.progress import silent


def test_a_complete_environment_is_not_changed(tmp_path: Path) -> None:
    marker = {"packages": list(CPU_PACKAGES), "python": sys.version.split()[0]}
    (tmp_path / MARKER).write_text(json.dumps(marker))
    install(tmp_path, cpu=True, report=silent)
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]


@pytest.mark.slow
def test_a_failed_install_shows_the_log_and_leaves_no_marker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(TeacherError, match="No matching distribution") as failed:
        install(tmp_path, cpu=True, report=silent)
    assert str(tmp_path / "install.log") in str(failed.value)
    assert not (tmp_path / MARKER).exists()
