"""Follows a recipe: copies the files of the build context and runs build commands in the sandbox, in their order.

The result is the content of the working directory, which becomes the files of the task's setup. Whatever a recipe
writes elsewhere would be missing for the agent, so such a recipe is refused.
"""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from flows.domains.contract import Refused
from flows.domains.task_folders.harbor.dockerfile import Copied, Ran
from flows.domains.task_folders.harbor.folder import MAX_BYTES, Content, Files, TaskFolder, is_executable
from flows.environments.sandbox import Command, Mount, Sandbox

CONTEXT_ITSELF = (".", "./", "/")


def requirements_of(folder: TaskFolder) -> list[str]:
    """The Python packages of the recipe, those of its files of requirements included. Raises Refused."""
    lines: list[str] = []
    for name in folder.recipe.requirements:
        source = _source_of(folder, name)
        lines += [line.split("#")[0].strip() for line in source.data.decode("utf-8", "replace").splitlines()]
    if any(line.startswith("-") or "://" in line for line in lines):
        raise Refused("other_index")
    return [*folder.recipe.python, *filter(None, lines)]


def built_files(folder: TaskFolder, sandbox: Sandbox, workspace: Path) -> dict[str, Content]:
    """The files of the working directory after all steps, by their path in it; `workspace` is an empty folder.

    Raises Refused: `outside_workdir`, `context_incomplete`, `build_step_failed`, `build_too_large`, `build_has_links`.
    """
    for step in folder.recipe.steps:
        if isinstance(step, Copied):
            _copy(folder, step, workspace)
        else:
            _run(folder, step, sandbox, workspace)
    return dict(_read(workspace))


def _copy(folder: TaskFolder, step: Copied, workspace: Path) -> None:
    target = _below(folder.workdir, step.target)
    for path, content in _matching(folder.context, step.sources):
        single = len(step.sources) == 1 and path in (step.sources[0], step.sources[0].removeprefix("./"))
        place = target if single and not step.target.endswith("/") else target / _name_in_target(path, step.sources)
        file = workspace / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.data)
        file.chmod(0o755 if content.executable else 0o644)


def _matching(context: Files, sources: tuple[str, ...]) -> Iterator[tuple[str, Content]]:
    for source in sources:
        wanted = source.removeprefix("./").rstrip("/")
        found = False
        for path, file in context.items():
            if source in CONTEXT_ITSELF or path == wanted or path.startswith(f"{wanted}/") or fnmatch(path, wanted):
                found = True
                yield path, file
        if not found:
            raise Refused("context_incomplete")


def _name_in_target(path: str, sources: tuple[str, ...]) -> str:
    """Where a file of the context goes below the target: a copied folder gives its content, a file its name."""
    for source in sources:
        wanted = source.removeprefix("./").rstrip("/")
        if source in CONTEXT_ITSELF:
            return path
        if path.startswith(f"{wanted}/"):
            return path.removeprefix(f"{wanted}/")
    return PurePosixPath(path).name


def _below(workdir: str, target: str) -> PurePosixPath:
    clean = PurePosixPath(os.path.normpath(target))
    if not clean.is_relative_to(workdir):
        raise Refused("outside_workdir")
    return clean.relative_to(workdir)


def _run(folder: TaskFolder, step: Ran, sandbox: Sandbox, workspace: Path) -> None:
    inside = _below(folder.workdir, step.folder)
    (workspace / inside).mkdir(parents=True, exist_ok=True)
    done = sandbox.run(
        Command(
            ("bash", "-c", f"cd {PurePosixPath(folder.workdir) / inside} && {{ {step.command}\n}}"),
            workspace,
            mounts=(Mount(workspace, folder.workdir, writable=True),),
            environment=folder.recipe.variables,
        )
    )
    if done.exit_code != 0:
        text = done.output.decode("utf-8", "replace")
        raise Refused("outside_workdir" if re.search("Read-only file system", text) else "build_step_failed")


def _read(workspace: Path) -> Iterator[tuple[str, Content]]:
    n_bytes = 0
    for path in sorted(workspace.rglob("*")):
        if path.is_symlink():
            raise Refused("build_has_links")
        if path.is_file():
            n_bytes += path.stat().st_size
            if n_bytes > MAX_BYTES:
                raise Refused("build_too_large")
            yield path.relative_to(workspace).as_posix(), Content(path.read_bytes(), is_executable(path))


def _source_of(folder: TaskFolder, name: str) -> Content:
    """A file of the context by its place in the image."""
    for step in folder.recipe.steps:
        if isinstance(step, Copied):
            for path, file in _matching(folder.context, step.sources):
                ending = step.target.endswith("/") or path.rstrip("/") != step.sources[0].removeprefix("./")
                place = PurePosixPath(step.target) / (_name_in_target(path, step.sources) if ending else "")
                if str(place) == os.path.normpath(name):
                    return file
    raise Refused("context_incomplete")
