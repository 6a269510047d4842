"""Addresses of a repository's files: the page of the file on a known forge, which stays the same from night to night.

The address holds the branch or tag, not the commit: an unchanged file is then the same page on the next night.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

_FORGES = {
    "github.com": "{web}/blob/{ref}/{path}",
    "gitlab.com": "{web}/-/blob/{ref}/{path}",
    "salsa.debian.org": "{web}/-/blob/{ref}/{path}",
    "gitlab.freedesktop.org": "{web}/-/blob/{ref}/{path}",
    "gitlab.gnome.org": "{web}/-/blob/{ref}/{path}",
    "invent.kde.org": "{web}/-/blob/{ref}/{path}",
    "codeberg.org": "{web}/src/{ref}/{path}",
    "gitea.com": "{web}/src/{ref}/{path}",
    "bitbucket.org": "{web}/src/{ref}/{path}",
    "git.sr.ht": "{web}/tree/{ref}/item/{path}",
}
_OTHER = "{web}/blob/{ref}/{path}"


@dataclass(frozen=True)
class FileAddresses:
    """Makes the urls of the files of one repository at one reference."""

    web: str
    """address of the repository without `.git`"""
    ref: str
    pattern: str
    """with {web}, {ref} and {path}"""

    def of(self, path: str) -> str:
        """Return the url of a file."""
        quoted = quote(path.encode("utf-8", "surrogateescape"), safe="/!$&'()*+,;=:@")
        return self.pattern.format(web=self.web, ref=quote(self.ref, safe="/"), path=quoted)

    @property
    def prefix(self) -> str:
        """The start of every url of this repository and reference."""
        return self.of("")


def file_addresses(address: str, ref: str, pattern: str | None = None) -> FileAddresses:
    """Return the addresses of a repository's files. `pattern` is needed only for a forge that is not known."""
    web = address.rstrip("/").removesuffix(".git").rstrip("/")
    return FileAddresses(web, ref, pattern or _FORGES.get(urlsplit(web).hostname or "", _OTHER))


def fetch_address(repository: str) -> str:
    """Return the address that git fetches: an https or http url as it is, a local path as a file url."""
    if urlsplit(repository).scheme in ("https", "http", "file"):
        return repository
    return Path(repository).expanduser().absolute().as_uri()
