"""The git source: documentation and source files of repositories."""

from functools import partial
from urllib.parse import urlsplit

from pydantic import BaseModel

from sources.collections.config import SourceConfig
from sources.collections.source import CollectionSource
from sources.git.collection import RepositoryCollection, RepositoryConfig
from sources.urls import NotCrawlable

SCHEMES = ("https://", "http://", "file://")
DEFAULT_PATHS = (
    "*.md", "*.markdown", "*.mdx", "*.rst", "*.txt", "*.adoc", "*.org", "*.html", "*.htm", "*.ipynb", "README",
    "INSTALL",
    "*.py", "*.pyi", "*.js", "*.mjs", "*.ts", "*.tsx", "*.jsx", "*.go", "*.rs", "*.c", "*.h", "*.cc", "*.cpp", "*.hpp",
    "*.java", "*.kt", "*.scala", "*.rb", "*.php", "*.cs", "*.swift", "*.sh", "*.sql", "*.lua", "*.pl", "*.r", "*.R",
    "*.jl", "*.hs", "*.ml", "*.ex", "*.erl", "*.clj", "*.proto",
)  # fmt: skip


class GitConfig(SourceConfig):
    """The repositories and their files; names are those of the settings' keys."""

    repositories: tuple[str, ...]
    ref: str | None = None
    paths: tuple[str, ...] = DEFAULT_PATHS
    permalinks: str | None = None


def configured(crawl: object, section: BaseModel) -> CollectionSource:
    """Build the source from an entry of `[[crawl.sources]]`."""
    config = GitConfig.of(section, crawl)
    return CollectionSource(config, partial(_find, config))


def _find(config: GitConfig) -> list[RepositoryCollection]:
    for repository in config.repositories:
        if "://" in repository and not repository.startswith(SCHEMES):
            raise NotCrawlable(
                f"crawl.sources.repositories: {repository} is no https address or local path; correct it"
            )
        parts = urlsplit(repository)
        if "://" in repository and "@" in parts.netloc:
            raise NotCrawlable(
                f"crawl.sources.repositories: remove the credentials of {parts.hostname}; urls are stored with rows"
            )
    shared = config.ref, config.paths, config.permalinks, config.max_bytes
    return [RepositoryCollection(RepositoryConfig(repository, *shared)) for repository in config.repositories]
