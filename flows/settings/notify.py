"""Settings of the alerts: the addresses that receive them, and how far a night may fall below the nights before it."""

import logging
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, SecretStr

from flows.settings.section import Section
from flows.settings.types import Share

if TYPE_CHECKING:
    from apprise import NotifyBase

APPRISE_LOG = logging.getLogger("apprise")
"""Its lines hold parts of addresses, so they reach no other log."""
APPRISE_LOG.propagate = False
APPRISE_LOG.setLevel(logging.WARNING)
APPRISE_LOG.addHandler(logging.NullHandler())
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # its debug lines hold paths, which can be tokens


def service_of(url: str) -> "NotifyBase | None":
    """The service that Apprise finds for an address; None if Apprise cannot read the address. Sends nothing."""
    from apprise import Apprise

    return Apprise.instantiate(url)


def _readable(url: SecretStr) -> SecretStr:
    if service_of(url.get_secret_value()) is None:
        raise ValueError(
            "Apprise cannot read this address; write one as on https://appriseit.com/services/, such as "
            "slack://TokenA/TokenB/TokenC or mailto://user:password@example.org"
        )
    return url


class Notify(Section):
    """Alerts about a night that failed, made nothing, or fell below the nights before it."""

    urls: list[Annotated[SecretStr, AfterValidator(_readable)]] = Field(
        default=[],
        description="addresses as Apprise writes them, such as slack://... or mailto://...; they hold passwords, so "
        "the variable FACTORY_NOTIFY__URLS (a JSON list) is a better place for them than this file",
    )
    max_fall: Share = Field(
        default=0.5,
        description="share by which kept rows, tokens, pass rate or fetched pages may fall below their median of the "
        "last nights; a fall by this share or more sends a message",
    )
    nights: int = Field(default=7, ge=3, description="number of last nights of that median; at least 3 must exist")
