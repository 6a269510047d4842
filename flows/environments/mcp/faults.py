"""The fault of a server of tools, and the masking of its secrets in every text that leaves it.

Variables and headers of a server often hold tokens; a server may print them, or repeat them in an answer.
"""

from collections.abc import Sequence

MASK = "[secret]"
MIN_SECRET_CHARS = 6
"""Shorter values, such as `1` or `UTC`, occur in ordinary text by chance."""


class ServerFault(Exception):
    """A server of tools failed; the message names it and the failure.

    `kind` is unknown, start, timeout, died, protocol or tools_changed.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class MissingSdk(Exception):
    """The SDK of the protocol is not installed; the message has the command that installs it."""


def require_sdk() -> None:
    """Check that the SDK is there, before any of its modules is imported. Raises MissingSdk."""
    try:
        import mcp  # noqa: F401
    except ImportError as error:
        raise MissingSdk(f'MCP needs the package mcp: pip install "horizon-factory[mcp]" ({error})') from error


def masked(text: str, secrets: Sequence[str]) -> str:
    """The text with each secret replaced."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= MIN_SECRET_CHARS:
            text = text.replace(secret, MASK)
    return text
