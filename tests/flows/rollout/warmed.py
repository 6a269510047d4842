"""Imports heavy modules once in the fork server, so that each rollout process of a test starts with them loaded."""

from contextlib import suppress

from sources.privacy.redaction import redact

with suppress(ImportError):
    import pandas  # noqa: F401  pyarrow imports it if it is installed
redact("")
