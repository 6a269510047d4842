"""Reads the addresses that people write in settings and on the command line: local paths, s3:// and hf://.

An unknown or misspelt scheme would be a valid name of a local folder, and a release in it would be lost to its
readers. So a text with any other scheme is refused, with the address that is probably meant.
"""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from flows.settings.address.advice import HUB, S3, advice, plain_path

KNOWN = re.compile(
    r"s3[an]?|hf|gc?s|azure|az|abfss?|wasbs?|adl|r2|b2|oss|cos|obs|swift|hdfs|dbfs"
    r"|https?|s?ftps?|ssh|scp|rsync|webdavs?|git|file|smb|nfs",
    re.IGNORECASE,
)
"""Schemes that are refused without slashes, too (`hf:owner/name`); any other `name:rest` is a local path."""
SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)(?P<mark>:\\+|:/*|//+)(?P<rest>.*)", re.DOTALL)


__all__ = [
    "HUB", "S3", "Address", "AddressError", "HttpUrl", "LakeAddress", "LocalPath",
    "check_address", "check_http_url", "check_local_path",
]  # fmt: skip


class AddressError(ValueError):
    """An address names no place that the factory can use; the message says what to write instead."""


def check_address(text: str) -> str:
    """The address, without blanks around it, if it is s3://bucket/…, hf://… or a local path; raises AddressError."""
    address = text.strip()
    if not address:
        raise AddressError("the address is empty: write a folder, s3://bucket/prefix or hf://datasets/owner/name")
    if not (found := _scheme(address)):
        return _in_home(address) if address.startswith("~") else address
    scheme, mark, rest = found
    if scheme + mark == S3:
        return _check_bucket(address, rest)
    if scheme + mark == HUB:
        return address
    raise AddressError(f"{address!r} is no address that the factory knows: {advice(scheme.lower(), rest)}")


def _in_home(address: str) -> str:
    try:
        return str(Path(address).expanduser())
    except RuntimeError as error:
        raise AddressError(
            f"{address!r} is in the home of an unknown user; a local name with a tilde is ./{address}"
        ) from error


def check_lake_address(text: str) -> str:
    """The address, if it is s3://bucket/prefix or a folder of this machine; raises AddressError."""
    address = check_address(text)
    if address.startswith(HUB):
        raise AddressError(f"{address!r} cannot hold a lake: write s3://bucket/prefix or a folder of this machine")
    return address


def check_local_path(text: str) -> Path:
    """The path, with `~` expanded, of a place on this machine; raises AddressError if the text has a scheme."""
    path = text.strip()
    if not path:
        raise AddressError("the path is empty: write a file or folder of this machine")
    if found := _scheme(path):
        scheme, _, rest = found
        plain = f" Write {plain_path(rest)}." if scheme.lower() == "file" else ""
        raise AddressError(
            f"{path!r} is a remote address, but this must be a file or folder of this machine.{plain} "
            f"A local name with a colon is written ./{path}"
        )
    return Path(path).expanduser()


def check_http_url(text: str) -> str:
    """The url, if it is http(s)://host[:port][/path]; raises AddressError."""
    url = text.strip()
    try:
        parts = urlsplit(url)
        valid = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if valid and not re.search(r"\s", url):
        return url
    raise AddressError(f"{url!r} is no url of a server: write http://HOST:PORT or https://HOST:PORT")


def _scheme(text: str) -> tuple[str, str, str] | None:
    """Scheme, separator and rest of a text that is not a local path; None for a local path."""
    if not (match := SCHEME.fullmatch(text)):
        return None
    scheme, mark, rest = match["scheme"], match["mark"], match["rest"]
    is_remote = mark.startswith((":/", ":\\")) or KNOWN.fullmatch(scheme)
    return (scheme, mark, rest) if is_remote else None


def _check_bucket(address: str, rest: str) -> str:
    bucket = rest.partition("/")[0]
    if not bucket or bucket != bucket.strip(". "):
        raise AddressError(f"{address!r} names no bucket: write s3://bucket/prefix")
    if "//" in rest or re.search(r"[\x00-\x1f]", rest):
        raise AddressError(f"{address!r} holds an empty folder name or a control character: write s3://bucket/prefix")
    return address


Address = Annotated[str, AfterValidator(check_address)]
"""A local path, s3://bucket/prefix or hf://datasets/owner/name."""
LakeAddress = Annotated[str, AfterValidator(check_lake_address)]
"""s3://bucket/prefix or a local path."""
LocalPath = Annotated[Path, BeforeValidator(lambda value: check_local_path(str(value)))]
"""A file or folder of this machine."""
HttpUrl = Annotated[str, AfterValidator(check_http_url)]
"""http(s)://host[:port][/path]."""
