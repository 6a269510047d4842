"""Resources that all attempts of a rollout read: the library of pages, servers of tools, images of sandboxes."""

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.environments.played_user import UserModel
    from flows.environments.sandbox import Listed, Sandbox
    from flows.settings.environments import McpServer, SandboxSettings
    from sources.index.dense.embedder import EmbedderChoice
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
    images_path: Path | None = None
    """Folder of built images; None: `horizon-factory/images` in the user's cache."""
    sources_path: Path | None = None
    """Folder of source trees that tasks start from; None: `horizon-factory/sources` in the user's cache."""
    images: tuple["Listed", ...] = ()
    """Images beside the default ones: those of the settings, and those that a world adds."""
    cores: int | None = None
    """Sandboxed commands that run at once in this process; None: one per core of the machine."""

    dense_path: Path | None = None
    """The library's dense index; None: pages are found by words alone."""
    embedder: "EmbedderChoice | None" = None
    """The model of the dense index."""

    def with_sandbox(self, settings: "SandboxSettings") -> "Resources":
        """The same with images and cores as the settings have them."""
        return replace(self, images_path=settings.images_path, images=tuple(settings.images), cores=settings.cores)

    def sandbox(self, image: str) -> "Sandbox":
        """A sandbox with this image, which is built if it is missing. All sandboxes of a process share its cores.

        Raises SandboxFault if this machine cannot run one, and ImageError on an unknown image or one that cannot be
        built.
        """
        from flows.environments.sandbox import Images, Sandbox, SandboxFault, shared_slots, unavailable

        if reason := unavailable():
            raise SandboxFault(reason)
        images = Images(self.images_path or cache_folder() / "images", self.images)
        return Sandbox(images.image(image), shared_slots(self.cores or os.cpu_count() or 1))

    @property
    def sources_folder(self) -> Path:
        """Folder of source trees: `sources_path`, or its default."""
        return self.sources_path or cache_folder() / "sources"

    @cached_property
    def library(self) -> "Library":
        """The search index. Raises NotFound if none was built there, NotCrawlable on an invalid blocklist entry.

        With a dense index also EmbedderError, if the package of its model is missing.
        """
        from sources.blocklist import Blocklist
        from sources.index.library import Library, NotFound

        if self.library_path is None:
            raise NotFound("this rollout has no library: name `library` in what the environment needs")
        dense = None
        if self.dense_path and self.embedder:
            from sources.index.dense.dense_index import DenseIndex

            dense = DenseIndex.open(self.dense_path, self.embedder)
        return Library.open(self.library_path, Blocklist(self.blocklist), dense)


def cache_folder() -> Path:
    """Folder of downloads and builds that a machine needs once: horizon-factory in $XDG_CACHE_HOME or ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "horizon-factory"
