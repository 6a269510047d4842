"""`factory deploy`: the files that it writes are accepted by systemd, compose and YAML, and hold no secret.

A file that a service manager refuses, or reads otherwise, is found at two in the morning.
"""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.deploy.system_packages import needs
from tests.test_cli import factory

pytestmark = pytest.mark.slow
SECRETS = {
    "FACTORY_TEACHER__API_KEY": "hunter2-key",
    "FACTORY_NOTIFY__URLS": '["json://reader:hunter2-url@127.0.0.1/"]',
    "AWS_SECRET_ACCESS_KEY": "hunter2-aws",
}
ROOT = Path(__file__).parents[3]
SETTINGS = '[schedule]\ncron = "30 1 * * 1-5"\ntimezone = "Asia/Tokyo"\n'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a path that means something in every format, and all files written into it."""
    home = tmp_path_factory.mktemp("homes") / 'a "home" $HOME 50% ü'
    home.mkdir()
    (home / "factory.toml").write_text(SETTINGS)
    for kind in ("systemd", "compose", "prefect"):
        written = factory(home, "deploy", kind, **SECRETS)
        assert written.returncode == 0, written.stderr
        assert "next:" in written.stdout and "FACTORY_TEACHER__API_KEY" in written.stdout
        assert "hunter2" not in written.stdout + written.stderr
    return home


def _unit(home: Path) -> Path:
    [unit] = home.glob("horizon-factory-*.service")
    return unit


def _compose(home: Path, tmp_path: Path) -> dict[str, Any]:
    """The compose file as docker-compose understands it; version 1 does not know the key `name`."""
    text = (home / "compose.yaml").read_text()
    version = subprocess.run(["docker-compose", "--version"], check=True, capture_output=True, text=True).stdout
    if "version 1." in version:
        text = re.sub(r"^name:.*\n", "", text, flags=re.MULTILINE)
    (tmp_path / "compose.yaml").write_text(text)
    (home / "postgres_password").touch()
    options = ["--project-directory", str(home), "--project-name", "x", "--file", str(tmp_path / "compose.yaml")]
    shown = subprocess.run(["docker-compose", *options, "config"], check=False, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    return dict(yaml.safe_load(shown.stdout))


@needs("systemd-analyze")
def test_systemd_accepts_the_unit(home: Path) -> None:
    verified = subprocess.run(["systemd-analyze", "verify", _unit(home)], check=False, capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_unit_stops_in_order_and_leaves_user_namespaces_alone(home: Path) -> None:
    """SIGTERM to all processes at once ends the server before the night is recorded; a sandbox needs namespaces."""
    lines = _unit(home).read_text().splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    assert values["KillSignal"] == "SIGTERM" and values["KillMode"] == "mixed" and int(values["TimeoutStopSec"]) > 90
    assert values["WorkingDirectory"] == str(home).replace("%", "%%") and values["User"] == home.owner()
    blocking = {"RestrictNamespaces", "SystemCallFilter", "ProtectProc", "ProtectKernelTunables", "ProtectKernelLogs"}
    assert not blocking & values.keys()


@needs("docker-compose")
def test_compose_understands_the_file_as_it_is_meant(home: Path, tmp_path: Path) -> None:
    """A dollar sign in a path that is taken for a variable mounts another folder, without an error."""
    services = _compose(home, tmp_path)["services"]
    assert set(services) == {"database", "prefect", "factory"}
    night = services["factory"]
    assert night["working_dir"].replace("$$", "$") == str(home)
    bound = [mount for mount in night["volumes"] if isinstance(mount, dict) and mount["type"] == "bind"]
    assert [mount["source"].replace("$$", "$") for mount in bound] == [str(home)]
    assert night["user"] == f"{home.stat().st_uid}:{home.stat().st_gid}"
    assert all("healthcheck" in service for service in services.values())
    assert "ports" not in services["database"] and "127.0.0.1" in str(services["prefect"]["ports"])


def test_the_image_is_built_from_the_checkout_with_nothing_else_in_it(home: Path) -> None:
    """A context with the lake in it is sent to the daemon at every build, and a secret file ends in the image."""
    build = yaml.safe_load((home / "compose.yaml").read_text())["services"]["factory"]["build"]
    assert (Path(build["context"]) / "pyproject.toml").is_file()
    kept = [line[1:] for line in (home / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")]
    assert set(kept) == {"pyproject.toml", "README.md", "LICENSE", "flows", "schemas", "sources", "warehouse"}


def test_prefect_yaml_holds_the_schedule_and_the_home(home: Path) -> None:
    written = yaml.safe_load((home / "prefect.yaml").read_text())
    [deployment] = written["deployments"]
    assert deployment["parameters"] == {"home": str(home)}
    assert deployment["work_pool"]["job_variables"] == {"working_dir": str(home)}
    assert deployment["schedules"] == [{"cron": "30 1 * * 1-5", "timezone": "Asia/Tokyo"}]
    assert deployment["name"] in _unit(home).name


def test_no_file_holds_a_secret_of_the_environment(home: Path) -> None:
    """The files are copied to /etc, committed and shown to colleagues."""
    files = [path for path in home.iterdir() if path.is_file()]
    assert len(files) >= 7
    assert [path.name for path in files if b"hunter2" in path.read_bytes()] == []
    assert (home / "factory.env").stat().st_mode & 0o077 == 0


def test_a_changed_file_is_never_replaced_without_force(tmp_path: Path) -> None:
    """An edited unit that an upgrade script overwrites loses its edits at the next restart."""
    assert factory(tmp_path, "deploy", "systemd").returncode == 0
    unit = _unit(tmp_path)
    unit.write_text("edited")
    (tmp_path / "factory.env").write_text("HF_TOKEN=hf_own")
    refused = factory(tmp_path, "deploy", "systemd")
    assert refused.returncode == 1 and str(unit) in refused.stderr and "--force" in refused.stderr
    assert unit.read_text() == "edited"
    replaced = factory(tmp_path, "deploy", "systemd", "--force", "--user", "factory", "--port", "4300")
    assert replaced.returncode == 0
    assert "User=factory" in unit.read_text() and "--port 4300" in unit.read_text()
    assert (tmp_path / "factory.env").read_text() == "HF_TOKEN=hf_own"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_a_home_elsewhere_and_releases_elsewhere_are_mounted_too(tmp_path: Path) -> None:
    """A release written inside a container that has no such folder is gone with the container."""
    settings, home, releases = (tmp_path / name for name in ("settings", "home", "releases"))
    settings.mkdir()
    refused = factory(settings, "deploy", "compose", "--source", str(tmp_path))
    assert refused.returncode == 1 and "no checkout" in refused.stderr
    (settings / "factory.toml").write_text(f'home = "{home}"\n[publish]\nto = "{releases}/all"\n')
    assert factory(settings, "deploy", "compose", "--source", str(ROOT)).returncode == 0
    night = yaml.safe_load((home / "compose.yaml").read_text())["services"]["factory"]
    bound = sorted(mount["source"] for mount in night["volumes"] if isinstance(mount, dict))
    assert bound == sorted(map(str, (home, releases / "all", settings))) and night["working_dir"] == str(settings)


def test_a_path_with_a_line_break_is_refused(tmp_path: Path) -> None:
    """In a unit, the rest of the path would be a directive of its own."""
    home = tmp_path / "a\nUser=root"
    home.mkdir()
    refused = factory(home, "deploy", "systemd")
    assert refused.returncode == 1 and "line break" in refused.stderr and list(home.iterdir()) == []
