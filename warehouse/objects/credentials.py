"""Keeps credentials out of error messages: the account's own keys, and passwords or signatures in an address."""

import re
from typing import Any, NoReturn

IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+@|(?<=\?)[^\s\"'<>]*(?i:signature|credential|token|accesskey)[^\s\"'<>]*")
SHORTEST = 8
"""Characters of a key. A shorter one is a test's, and may be part of ordinary words."""


def without_credentials(text: str, secrets: list[str]) -> str:
    """The text with "[credential]" for each of these secrets and for each credential within an address."""
    for secret in secrets:
        text = text.replace(secret, "[credential]") if len(secret) >= SHORTEST else text
    return IN_ADDRESS.sub("[credential]", text)


def raise_safely(error: Exception, cause: Exception, secrets: list[str]) -> NoReturn:
    """Raise the error, whose only argument is its message, from its cause; a cause with a credential is left out."""
    plain = without_credentials(str(cause), secrets)
    safe = type(error)(without_credentials(str(error), secrets))
    raise safe from (cause if plain == str(cause) else None)


def secrets_of(session: Any) -> list[str]:
    """The keys that a boto3 session finds; none if it finds no account."""
    from botocore.exceptions import BotoCoreError

    try:
        keys = session.get_credentials()
    except BotoCoreError:
        return []
    return [key or "" for key in (keys.secret_key, keys.token, keys.access_key)] if keys else []
