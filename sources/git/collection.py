"""One repository at one commit: its documentation and source files become documents.

The version of the collection is the commit, so that an unmoved branch costs one request. A file whose content has the
same blob id as on the last night is not read again.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from typing import Any

from pathspec import GitIgnoreSpec

from sources.collections.collection import Content, Entry, RawPage, Refused
from sources.crawl_run import CrawlRun
from sources.git.address import pinned_address
from sources.git.file_kinds import NOTEBOOK, document_type, is_code, refusal_by_content, refusal_by_name
from sources.git.file_pages import code_page, notebook_page
from sources.git.forges import fetch_address, file_addresses
from sources.git.git_command import GitCommand, GitFailed, GitLimits
from sources.git.licenses import MAX_LICENSE_BYTES, folder_licenses, is_license_file, license_above
from sources.git.repository import BlobReader, Repository, TreeFile, state_folder
from sources.status_codes import Status


@dataclass(frozen=True)
class RepositoryConfig:
    """A repository, a reference, and patterns of the files to read."""

    repository: str
    """https url or local path"""
    ref: str | None
    """branch, tag or commit; None: the default branch"""
    paths: tuple[str, ...]
    """patterns of the files to read, as .gitignore writes them"""
    permalinks: str | None
    max_bytes: int
    limits: GitLimits = field(default_factory=GitLimits)


@dataclass
class RepositoryCollection:
    """The chosen files of a repository at the commit of this night."""

    config: RepositoryConfig
    is_complete: bool = True
    _ref: str = field(default="HEAD", repr=False)
    _commit: str = field(default="", repr=False)

    @property
    def url(self) -> str:
        """Address of the repository, with the reference if one is configured."""
        address = fetch_address(self.config.repository)
        return f"{address}#{self.config.ref}" if self.config.ref else address

    async def version(self, run: CrawlRun) -> str | None:
        """Find and fetch the commit of the night; return it with a hash of the settings. Raises Refused."""
        repository = await self._repository(run)
        try:
            await repository.prepare()
            resolved = await repository.resolve(self.config.ref)
            self._ref = resolved.name
            self._commit = await repository.pinned(run.run_id) or resolved.commit
            await repository.fetch(self._commit, run.run_id)
        except GitFailed as error:
            raise Refused(Status.UNREADABLE, str(error), transient=True) from error
        settings = repr((self.config.paths, self.config.permalinks, self.config.max_bytes, self._ref))
        return f"{self._commit} {sha256(settings.encode()).hexdigest()[:8]}"

    async def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield the chosen files in path order. Raises Refused."""
        repository = await self._repository(run)
        addresses = file_addresses(fetch_address(self.config.repository), self._ref, self.config.permalinks)
        chosen = GitIgnoreSpec.from_lines(self.config.paths)
        try:
            files = await repository.files(self._commit)
            async with AsyncExitStack() as stack:
                blobs = await stack.enter_async_context(repository.blobs())
                licenses = await _licenses(blobs, files)
                for file in files:
                    if chosen.match_file(file.path):
                        entry = self._entry(file, addresses.of(file.path), license_above(file.path, licenses))
                        yield await self._with_content(entry, file, blobs, run)
        except GitFailed as error:
            raise Refused(Status.UNREADABLE, str(error), transient=True) from error

    def _entry(self, file: TreeFile, url: str, license_name: str | None) -> Entry:
        columns: dict[str, Any] = {"license": license_name, "detail": f"commit {self._commit}"}
        if refusal := refusal_by_name(file, self.config.max_bytes):
            return Entry(url, partial(_refuse, refusal))
        unread = (Status.UNREADABLE, "it was not read")
        return Entry(url, partial(_refuse, unread), f"{file.blob} {license_name or ''}".strip(), columns)

    async def _with_content(self, entry: Entry, file: TreeFile, blobs: BlobReader, run: CrawlRun) -> Entry:
        """Read the file now, since its process ends with the listing; a refused or unchanged file is not read."""
        known = run.frontier.known(entry.url)
        if entry.version is None or (known is not None and known.etag == entry.version):
            return entry
        return replace(entry, read=partial(_page, file.path, await blobs.read(file.blob)))

    async def _repository(self, run: CrawlRun) -> Repository:
        address = fetch_address(self.config.repository)
        folder = state_folder(run.frontier.path.parent, sha256(address.encode()).hexdigest()[:16])
        settings = await pinned_address(address, run.client.network)
        agent = f"http.userAgent={run.client.limits.user_agent}"
        return Repository(GitCommand(folder, self.config.limits, (agent, *settings)), address)


async def _refuse(refusal: tuple[Status, str]) -> Content:
    raise Refused(*refusal)


async def _page(path: str, body: bytes) -> Content:
    """Return the content of a file. Raises Refused if it is not text that people write."""
    if refusal := refusal_by_content(path, body):
        raise Refused(*refusal)
    if path.lower().endswith(NOTEBOOK):
        return notebook_page(body)
    return code_page(path, body) if is_code(path) else RawPage(body, document_type(path))


async def _licenses(blobs: BlobReader, files: Iterable[TreeFile]) -> dict[str, str]:
    texts = {}
    for file in files:
        if is_license_file(file.path) and file.n_bytes <= MAX_LICENSE_BYTES and file.is_regular:
            texts[file.path] = (await blobs.read(file.blob)).decode("utf-8", "replace")
    return folder_licenses(texts)
