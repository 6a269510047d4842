"""Scores the files of an attempt with the reward functions of its taskset, as the test script of a task folder.

The reply is the text of answer.txt in the working directory. The reward is the sum of all rewards over that of the
proven reply, at most 1.
"""

import asyncio
import json
from pathlib import Path

from grade import open_taskset, rewards  # type: ignore[import-not-found]

HERE = Path(__file__).parent


def main() -> None:
    """Writes the rewards by name, and `reward`, the whole."""
    given = json.loads((HERE / "task.json").read_text("utf-8"))
    taskset = open_taskset(str(HERE / "taskset"), given["name"])
    kind = taskset.task_type()
    task = kind(kind.data_type().model_validate(given["data"]), taskset.config.task)
    answer = Path("answer.txt")
    reply = answer.read_text("utf-8", "replace").strip() if answer.is_file() else ""
    found = asyncio.run(rewards(task, reply, "."))
    whole = min(1.0, max(0.0, sum(found.values()) / sum(given["full"].values())))
    text = json.dumps({**{f"{given['name']}.{name}": value for name, value in found.items()}, "reward": whole})
    Path("/logs/verifier/reward.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
