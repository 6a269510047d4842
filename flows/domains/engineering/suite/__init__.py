"""Runs of the tests of a tree in a sandbox, by language."""

from flows.domains.engineering.suite.languages import language
from flows.domains.engineering.suite.results import Result, Suite
from flows.domains.engineering.suite.run import run_suite

__all__ = ["Result", "Suite", "language", "run_suite"]
