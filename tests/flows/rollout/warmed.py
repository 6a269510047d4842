"""What each process that rolls out would load anew: imported once, where the processes of a test fork from."""

from contextlib import suppress

from sources.privacy.redaction import redact

with suppress(ImportError):
    import pandas  # noqa: F401  pyarrow loads it where it finds it
redact("")
