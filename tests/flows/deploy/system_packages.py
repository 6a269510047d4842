"""Debian packages that the tests of this folder need: without them they are skipped, but fail in the gate."""

import os
import shutil

import pytest

from tests.doubles import postgres

PROGRAMS = {
    "systemd-analyze": shutil.which("systemd-analyze"),
    "docker-compose": shutil.which("docker-compose"),
    "postgres": postgres.programs(),
}


def needs(program: str) -> pytest.MarkDecorator:
    """Skip a test unless the program is installed, or FACTORY_REQUIRE_SYSTEM is set."""
    missing = PROGRAMS[program] is None and "FACTORY_REQUIRE_SYSTEM" not in os.environ
    return pytest.mark.skipif(missing, reason=f"no {program}: apt-get install systemd docker-compose postgresql")
