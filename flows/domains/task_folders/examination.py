"""Runs the hidden test script of a task folder on the files that the agent left, and reads the reward that it writes.

As in Harbor, tests are in /tests, and the script writes /logs/verifier/reward.json or reward.txt. Programs by which
such scripts install their test runner are replaced, since there is no network and the image holds the packages.
"""

import json
import math
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from flows.domains.task_folders.harbor.folder import TEST_SCRIPT, from_json
from flows.domains.task_folders.world import FolderWorld, image_name, with_image
from flows.environments.resources import Resources
from flows.environments.sandbox import Command, Completed, Limits, Mount
from schemas.task import Hidden

SHIMS = {"apt-get": "install", "apt": "install", "curl": "install", "wget": "install", "pip": "install",
         "pip3": "install", "uv": "uv", "uvx": "uvx"}  # fmt: skip
"""Program that a test script calls to install -> the script that replaces it."""
SHIM_PATH, TESTS_PATH, LOGS_PATH = "/opt/test-bin", "/tests", "/logs"
HOME = f"{LOGS_PATH}/home"
REWARDS = ("reward.json", "reward.txt")
MAX_REWARD_BYTES = 64 << 10


def examine(world: FolderWorld, hidden: Hidden, resources: Resources, folder: Path) -> Mapping[str, object]:
    """`reward` (None if the script wrote none), all rewards by name, and the limit that the script reached.

    Raises the sandbox's faults.
    """
    goal = json.loads(hidden.goal or "{}")
    tests, logs, shims = (folder / name for name in ("tests", "logs", "bin"))
    write_files(tests, goal["tests"])
    (logs / "verifier").mkdir(parents=True)
    _write_shims(shims, logs / "home")
    done = _run(world, goal, resources, (tests, logs, shims))
    rewards = read_rewards(logs / "verifier")
    return {"reward": _main(rewards), "rewards": rewards, "tests_limit": done.limit, "tests_exit": done.exit_code}


def write_files(folder: Path, content: Mapping[str, str | dict[str, Any]]) -> None:
    """Write files of a record, each a text or an object with text or base64; all may be run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(from_json(data).data)
        path.chmod(0o755)


def read_rewards(folder: Path) -> dict[str, float]:
    """The finite rewards that a script wrote, by name; none if it wrote no valid file."""
    for name in REWARDS:
        path = folder / name
        if path.is_symlink() or not path.is_file() or not 0 < path.stat().st_size <= MAX_REWARD_BYTES:
            continue
        try:
            given: Any = json.loads(path.read_text("utf-8"))
        except ValueError:
            continue
        found = given if isinstance(given, dict) else {"reward": given}
        if all(_is_number(value) for value in found.values()):
            return {str(key): float(value) for key, value in found.items()}
    return {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _main(rewards: Mapping[str, float]) -> float | None:
    """The one that is called reward, else their mean, as Harbor has it; None without any."""
    if "reward" in rewards:
        return rewards["reward"]
    return sum(rewards.values()) / len(rewards) if rewards else None


def _write_shims(folder: Path, home: Path) -> None:
    folder.mkdir(parents=True)
    source = files(__package__).joinpath("shims")
    for program, script in SHIMS.items():
        (folder / program).write_text(source.joinpath(f"{script}.sh").read_text("utf-8"), "utf-8")
        (folder / program).chmod(0o755)
    (home / ".local/bin").mkdir(parents=True)
    (home / ".local/bin/env").write_text("", "utf-8")


def _run(
    world: FolderWorld, goal: Mapping[str, Any], resources: Resources, places: tuple[Path, Path, Path]
) -> Completed:
    tests, logs, shims = places
    sandbox = with_image(resources, goal["packages"]).sandbox(image_name(goal["packages"]))
    path = f"{SHIM_PATH}:{sandbox.image.environment['PATH']}"
    return sandbox.run(
        Command(
            ("bash", "-c", f'cd "$1" && exec bash {TESTS_PATH}/{TEST_SCRIPT}', "bash", world.workdir),
            world.root,
            mounts=(
                Mount(world.root, world.workdir, writable=True),
                Mount(tests, TESTS_PATH, writable=True),
                Mount(logs, LOGS_PATH, writable=True),
                Mount(shims, SHIM_PATH),
            ),
            environment={**goal["variables"], "HOME": HOME, "PATH": path},
            limits=Limits(wall_s=goal["timeout_s"], cpu_s=goal["timeout_s"]),
        )
    )
