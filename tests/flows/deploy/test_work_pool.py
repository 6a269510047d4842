"""One night through a Prefect server on PostgreSQL and a worker of a process work pool that runs in another folder.

The whole of `factory deploy prefect`, as its next steps say, with real programs; the server has the environment of the
written compose file. If it breaks, a team with a shared Prefect server has no nights.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from flows.process_guard import free_port
from tests.doubles.postgres import postgres
from tests.flows.deploy.system_packages import needs
from tests.test_cli import factory
from warehouse.connect import connect
from warehouse.lake import Lake

pytestmark = [pytest.mark.slow, needs("postgres"), pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[3]
POOL = "factories"
SECRETS = {
    "FACTORY_TEACHER__API_KEY": "hunter2-key",
    "FACTORY_NOTIFY__URLS": '["json://reader:hunter2-url@127.0.0.1:9/"]',
}
PASSWORD = "hunter2-database"
SETTINGS = """
home = "../the home"
[crawl]
folders = ["pages"]
[schedule]
cron = "0 0 1 1 *"
timezone = "Asia/Tokyo"
deployment = "pooled"
"""


@contextmanager
def prefect(folder: Path, environment: dict[str, str], *words: str) -> Iterator[None]:
    """A Prefect program that runs until the block ends; its output goes to a file of the folder."""
    with (folder / f"{words[0]}.log").open("wb") as log:
        command = [sys.executable, "-m", "prefect", "--no-prompt", *words]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def until(found: Callable[[], Any], folder: Path, timeout_s: float = 240) -> Any:
    """The first true result of a call that may fail; shows the logs of the folder if there is none in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        try:
            if result := found():
                return result
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise AssertionError("\n".join(path.read_text()[-2000:] for path in folder.glob("*.log")))


def test_a_worker_in_another_folder_runs_the_night_of_the_home(tmp_path: Path) -> None:
    home, folder, elsewhere = (tmp_path / name for name in ("the home", "settings", "elsewhere"))
    (folder / "pages").mkdir(parents=True)
    elsewhere.mkdir()
    (folder / "pages" / "one.md").write_text("# A page\n\nIts text.\n")
    (folder / "factory.toml").write_text(SETTINGS)
    assert factory(folder, "deploy", "prefect", "--pool", POOL, **SECRETS).returncode == 0
    assert factory(folder, "deploy", "compose", **SECRETS).returncode == 0
    port = free_port()
    api = f"http://127.0.0.1:{port}/api"
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("FACTORY_", "PREFECT_"))}
    client = plain | SECRETS | {
        "PREFECT_API_URL": api, "PREFECT_HOME": str(elsewhere / "prefect"), "PYTHONPATH": str(ROOT),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }  # fmt: skip
    with ExitStack() as stack:
        service = yaml.safe_load((home / "compose.yaml").read_text())["services"]["prefect"]["environment"]
        database, data = stack.enter_context(postgres(service["PREFECT_SERVER_DATABASE_USER"], PASSWORD))
        server = client | service | {
            "PREFECT_SERVER_DATABASE_HOST": "127.0.0.1", "PREFECT_SERVER_DATABASE_PORT": str(database),
            "PREFECT_SERVER_DATABASE_NAME": "postgres", "PREFECT_SERVER_DATABASE_PASSWORD": PASSWORD,
        }  # fmt: skip
        stack.enter_context(prefect(elsewhere, server, "server", "start", "--port", str(port)))
        until(lambda: httpx.get(f"{api}/health").is_success, elsewhere)
        stack.enter_context(prefect(elsewhere, client, "worker", "start", "--type", "process", "--pool", POOL))
        until(lambda: httpx.get(f"{api}/work_pools/{POOL}").is_success, elsewhere)
        deploy = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
        deployed = subprocess.run(deploy, cwd=home, env=client, check=False, capture_output=True, text=True)
        assert deployed.returncode == 0, deployed.stdout + deployed.stderr
        made = httpx.get(f"{api}/deployments/name/nightly/pooled").raise_for_status().json()
        assert made["parameters"] == {"home": str(home)} and made["job_variables"]["working_dir"] == str(folder)
        [schedule] = made["schedules"]
        assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("0 0 1 1 *", "Asia/Tokyo")
        run = httpx.post(f"{api}/deployments/{made['id']}/create_flow_run", json={}).raise_for_status().json()["id"]

        def ended() -> dict[str, Any] | None:
            found = httpx.get(f"{api}/flow_runs/{run}").raise_for_status().json()
            return found if found["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None

        assert until(ended, elsewhere)["state_type"] == "COMPLETED", (elsewhere / "worker.log").read_text()
        assert not list((elsewhere / "prefect").glob("*.db")) and (data / "base").is_dir()
        assert _with_secret(tmp_path) == _with_secret(data) == []
    with connect(Lake(home / "lake")) as con:
        assert con.execute("select title, status from documents where status <> 'collection'").fetchall() == [
            ("A page", "ok")
        ]
    assert "kept nothing" in (alert := (home / "state" / "alert.json").read_text()) and "cannot be reached" in alert
    assert not (elsewhere / "lake").exists() and not (elsewhere / "state").exists()


def _with_secret(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]
