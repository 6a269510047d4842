"""Makes tasks of task folders in Harbor's format: each folder once, with everything that the task needs stored in it.

A folder whose machine cannot be made of packages is refused with the reason, and so is one whose own solution fails.
"""

import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from flows.domains.contract import Composer, Corpus, Draft, Refused, Writer
from flows.domains.seeds import made_before
from flows.domains.task_folders.harbor.build import built_files, requirements_of
from flows.domains.task_folders.harbor.folder import TaskFolder, as_json, folder_digest, is_task_folder, read_folder
from flows.domains.task_folders.harbor.shell import read_script
from flows.domains.task_folders.world import TOOLS, Needed, image_name, with_image
from flows.environments.resources import Resources
from flows.environments.sandbox import Sandbox, SandboxFault
from flows.environments.sandbox.images.packages import ImageError

NAME = "harbor"
MAX_TURNS = 100
DEBIAN_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


@dataclass(frozen=True)
class Found:
    """A task folder that is no task yet."""

    number: int
    path: Path
    resources: Resources


def candidates(corpus: Corpus) -> Iterator[Found]:
    """The task folders of the settings, in the order of their names, without those that became tasks in any night."""
    made = made_before(corpus, NAME)
    number = 0
    for pattern in corpus.settings.folders:
        for path in sorted(_task_folders(pattern)):
            number += 1
            if _digest(path) not in made:
                yield Found(number, path, corpus.resources)


def _task_folders(place: Path) -> list[Path]:
    """The folder itself if it holds a task, else the task folders below it."""
    if is_task_folder(place):
        return [place]
    return [path.parent for path in place.rglob("task.toml") if is_task_folder(path.parent)]


def _digest(path: Path) -> str | None:
    try:
        return folder_digest(path)
    except Refused:
        return None


def compose(candidate: Found, write: Writer) -> Draft:
    """The task of a folder. Raises Refused."""
    folder = read_folder(candidate.path)
    packages = {"python": requirements_of(folder), "debian": folder.recipe.debian}
    script = read_script(folder.tests["test.sh"].data.decode("utf-8", "replace"))
    tested = {"python": sorted({*packages["python"], *script.python}),
              "debian": sorted({*packages["debian"], *script.debian})}  # fmt: skip
    content = _built(candidate, folder, packages, tested)
    variables = {**folder.recipe.variables, **folder.config.environment.env}
    return Draft(
        instruction=folder.instruction,
        answer=None,
        created_at=datetime.fromtimestamp((candidate.path / "task.toml").stat().st_mtime, UTC),
        difficulty={"number": candidate.number, "line": folder.sha256, "folder": folder.name}
        | {key: value for key, value in folder.config.metadata.items() if key in ("difficulty", "category")},
        setup=json.dumps({"packages": packages, "files": content, "workdir": folder.workdir, "variables": variables,
                          "tools": TOOLS}, ensure_ascii=False),
        goal=json.dumps({"tests": {name: as_json(file) for name, file in folder.tests.items()}, "packages": tested,
                         "timeout_s": folder.config.verifier.timeout_sec,
                         "variables": {**variables, **folder.config.verifier.env}}, ensure_ascii=False),
        oracle=_oracle(folder),
        answer_form="files",
        tools=TOOLS,
        max_turns=MAX_TURNS,
    )  # fmt: skip


def _oracle(folder: TaskFolder) -> str:
    if "solve.sh" not in folder.solution:
        raise Refused("no_solution")
    files = {name: as_json(file) for name, file in folder.solution.items()}
    return json.dumps({"files": files, "variables": folder.config.solution.env}, ensure_ascii=False)


def _built(
    candidate: Found, folder: TaskFolder, packages: dict[str, list[str]], tested: dict[str, list[str]]
) -> dict[str, object]:
    """The files of the working directory; builds both images, so that no attempt waits for one."""
    sandbox_of(candidate.resources, tested)
    sandbox = sandbox_of(candidate.resources, packages)
    with tempfile.TemporaryDirectory() as place:
        try:
            files = built_files(folder, sandbox, Path(place))
        except SandboxFault as error:
            raise Refused("no_sandbox") from error
    return {path: as_json(file) for path, file in files.items()}


def sandbox_of(resources: Resources, packages: Needed) -> Sandbox:
    """A sandbox with an image of these packages, which is built if it is missing. Raises Refused."""
    _check_names(packages)
    try:
        return with_image(resources, packages).sandbox(image_name(packages))
    except ImageError as error:
        raise Refused("package_missing") from error
    except SandboxFault as error:
        raise Refused("no_sandbox") from error


def _check_names(packages: Needed) -> None:
    """A folder of strangers names packages of the index and of Debian, and nothing that a client takes otherwise."""
    try:
        has_address = any(Requirement(one).url for one in packages["python"])
    except InvalidRequirement as error:
        raise Refused("package_invalid") from error
    if has_address or not all(DEBIAN_NAME.fullmatch(one) for one in packages["debian"]):
        raise Refused("package_invalid")


HARBOR = Composer(NAME, "1", candidates, compose)
