"""Fixtures of the engineering domain's tests: the sandbox of Python's image."""

import os

import pytest

from flows.environments.resources import Resources
from flows.environments.sandbox import Sandbox, unavailable


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """A sandbox of this machine; FACTORY_REQUIRE_SANDBOX=1 makes a machine without one a failure."""
    if (reason := unavailable()) and not os.environ.get("FACTORY_REQUIRE_SANDBOX"):
        pytest.skip(reason)
    return Resources().sandbox("python")
