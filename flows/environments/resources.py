"""Resources that all attempts of a rollout read: the library of pages, the blocklist of its hosts, servers of tools."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.environments.played_user import UserModel
    from flows.settings.environments import McpServer
    from sources.index.library import Library


@dataclass(frozen=True)
class Resources:
    """Read-only resources of one rollout, as paths and values: every worker process opens its own."""

    library_path: Path | None = None
    """None in a rollout whose environments need no library."""
    blocklist: tuple[str, ...] = ()
    """Hosts and regular expressions over urls of pages that no tool may show."""
    dialect: str = "chat"
    """Dialect of the teacher, `chat` or `text`: small models get other tools."""

    servers: tuple["McpServer", ...] = ()
    """Servers of tools of the settings."""
    user: "UserModel | None" = None
    """The model that plays simulated users; None if they are scripted."""

    @cached_property
    def library(self) -> "Library":
        """The search index. Raises NotFound if none was built there, NotCrawlable on an invalid blocklist entry."""
        from sources.blocklist import Blocklist
        from sources.index.library import Library, NotFound

        if self.library_path is None:
            raise NotFound("this rollout has no library: name `library` in what the environment needs")
        return Library.open(self.library_path, Blocklist(self.blocklist))
