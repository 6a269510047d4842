"""Tests of the sandbox: real programs that try to leave it or to use up the machine."""
