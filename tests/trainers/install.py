"""Makes the trainers' environments: `python -m tests.trainers.install`, next to the teacher's.

Each trainer has small packages of its own, pinned within its declared bounds, and shares the large ones (torch,
pyarrow, pandas) of the teacher's environment and of this one, which stay unchanged. Dependencies that only
training needs are left out. A complete environment is left alone.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flows.settings import Settings

HERE = Path(__file__).parent
REQUIREMENTS = {path.stem: path for path in sorted((HERE / "requirements").glob("*.txt"))}
"""Trainer -> its packages, installed without their dependencies."""

ANY_PYTHON = {"atif"}
"""harbor requires Python 3.12; its trajectory models, which the tests load, run on 3.11."""


def folder() -> Path:
    """Where the environments are: FACTORY_TRAINERS, or `.trainers` in the working directory."""
    return Path(os.environ.get("FACTORY_TRAINERS", ".trainers")).absolute()


def python(trainer: str) -> Path:
    """The interpreter of a trainer's environment."""
    return folder() / trainer / "bin" / "python"


def install(trainer: str) -> None:
    """Make one environment in a temporary folder, then rename it. Raises CalledProcessError."""
    place, wanted = folder() / trainer, REQUIREMENTS[trainer].read_text("utf-8") + "\n".join(_layers())
    if (place / "made-of.txt").exists() and (place / "made-of.txt").read_text("utf-8") == wanted:
        return
    with tempfile.TemporaryDirectory(dir=folder(), prefix=f".{trainer}-") as work:
        made = Path(work) / trainer
        _run(sys.executable, "-m", "venv", "--without-pip", str(made))
        packages = next((made / "lib").glob("python3*")) / "site-packages"
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--no-compile", "--target", str(packages)]
        _run(*pip, *(["--ignore-requires-python"] if trainer in ANY_PYTHON else []), "-r", str(REQUIREMENTS[trainer]))
        # torchaudio's extension is built for CUDA; without it the package is pure Python, and imports.
        shutil.rmtree(packages / "torchaudio" / "lib", ignore_errors=True)
        (packages / "layers.pth").write_text("\n".join(_layers()) + "\n", "utf-8")
        (made / "made-of.txt").write_text(wanted, "utf-8")
        shutil.rmtree(place, ignore_errors=True)
        made.rename(place)


def _layers() -> list[str]:
    """Site-packages folders that every trainer uses after its own: the teacher's, then those of this environment."""
    teacher = Settings().teacher.venv.expanduser().absolute()
    [packages] = (teacher / "lib").glob("python3*/site-packages")
    return [str(packages), sysconfig.get_path("purelib")]


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    folder().mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(install, REQUIREMENTS))
