"""Installs the packages of an image with the ordinary clients of their registries.

Names come from settings. They are checked there, and given to the clients after `--`, so that none is an option.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TIMEOUT_S = 1800


class ImageError(Exception):
    """An image is unknown or cannot be built; the message ends with the last lines of the client that failed."""


def install_python(requirements: Sequence[str], packages: Path, scripts: Path) -> None:
    """Install wheels into `packages`, and their programs into `scripts`; raises ImageError."""
    if not requirements:
        return
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    run([*pip, "--only-binary", ":all:", "--target", str(packages), "--", *requirements], "pip")
    made = packages / "bin"
    for script in sorted(made.iterdir()) if made.is_dir() else []:
        _move_script(script, scripts / script.name)


def _move_script(script: Path, target: Path) -> None:
    """Move a program, so that it runs under the image's interpreter rather than the factory's."""
    first, _, rest = script.read_bytes().partition(b"\n")
    python = first.startswith(b"#!") and b"python" in first
    target.write_bytes(b"#!/usr/bin/env python3\n" + rest if python else first + b"\n" + rest)
    target.chmod(0o755)
    script.unlink()


def versions(packages: Path) -> list[str]:
    """Name and version of every installed package, sorted."""
    return sorted(one.name.removesuffix(".dist-info") for one in packages.glob("*.dist-info"))


def run(command: Sequence[str], client: str, folder: Path | None = None) -> str:
    """Run a client and return its output; raises ImageError."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PIP_TARGET")}
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=folder,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ImageError(f"{client} did not run: {error}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-5:]
        raise ImageError(f"{client} ended with {done.returncode}: {' / '.join(said)}")
    return done.stdout.decode("utf-8", "replace")
