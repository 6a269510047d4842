"""Harbor's own Trajectory model parses each row."""

import json
import sys
from pathlib import Path

from harbor.models.trajectories import Trajectory

folder, *_, out = sys.argv[1:]
with (Path(folder) / "train.jsonl").open("rb") as rows, Path(out).open("w") as lines:
    for row in rows:
        read = Trajectory.model_validate_json(row)
        lines.write(json.dumps(read.model_dump(mode="json", exclude_unset=True)) + "\n")
