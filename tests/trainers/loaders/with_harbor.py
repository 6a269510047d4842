"""Harbor's own models read the configuration and the paths of a task folder."""

import json
import sys
from pathlib import Path

from harbor.models.task.config import TaskConfig
from harbor.models.task.paths import TaskPaths

folder, *_, out = sys.argv[1:]
paths = TaskPaths(folder)
config = TaskConfig.model_validate_toml(paths.config_path.read_text())
paths.validate_input_tree(paths.tests_dir)
paths.validate_input_tree(paths.solution_dir)
found = {
    "name": config.task.name,
    "instruction": paths.instruction_path.read_text(),
    "verifier_s": config.verifier.timeout_sec,
    "network": [config.environment.network_mode, config.verifier.network_mode],
    "workdir": config.environment.workdir,
    "scripts": [str(path.relative_to(folder)) for path in (paths.discovered_test_path, paths.discovered_solve_path)],
    "licenses": config.metadata["licenses"],
}
Path(out).write_text(json.dumps(found))
