"""Names the address that is probably meant by one that the factory does not know, such as s3a:// or gs://."""

import re
from collections.abc import Callable

S3, HUB = "s3://", "hf://"
S3_HOSTS = (
    re.compile(r"(?P<bucket>[a-z0-9][a-z0-9.-]+)\.s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com"),
    re.compile(r"s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com"),
)
HUB_HOSTS = ("huggingface.co", "hf.co")
GOOGLE = "https://storage.googleapis.com"


def advice(scheme: str, rest: str) -> str:
    """The sentence that names the address which is probably meant; `rest` follows the scheme and its separator."""
    place = rest.lstrip("/\\").replace("\\", "/")
    return ADVICE.get(scheme, _unknown)(place)


def _unknown(place: str) -> str:
    return (
        "write a local folder, s3://bucket/prefix (any S3-compatible store, with endpoint_url) or "
        f"hf://datasets/owner/name; a local name with a colon is written ./{place or 'name'}"
    )


def _as_s3(place: str) -> str:
    return f"write {S3}{place or 'bucket/prefix'}"


def _as_hub(place: str) -> str:
    repository = place.removeprefix("datasets/").strip("/") or "owner/name"
    return f"write {HUB}datasets/{repository}"


def _as_google(place: str) -> str:
    return f'write {S3}{place or "bucket/prefix"} with endpoint_url = "{GOOGLE}" and HMAC keys: it speaks S3'


def _as_endpoint(place: str) -> str:
    return f"write {S3}{place or 'bucket/prefix'} and set endpoint_url to the S3 address of that store"


def _as_file(place: str) -> str:
    return f"write the path itself, {plain_path(place)}"


def _as_web(place: str) -> str:
    host, _, path = place.partition("/")
    for pattern in S3_HOSTS:
        if match := pattern.fullmatch(host.lower()):
            return _as_s3("/".join(filter(None, (match.groupdict().get("bucket"), path))))
    if host.lower() in HUB_HOSTS:
        return _as_hub(path.split("/tree/")[0])
    if host.lower() == "storage.googleapis.com":
        return _as_google(path)
    return (
        "web addresses hold no releases; a bucket of an S3-compatible server is s3://bucket/prefix with "
        f'endpoint_url = "https://{host}"'
    )


def plain_path(rest: str) -> str:
    """The path in the rest of a file: address."""
    return "/" + rest.removeprefix("localhost").lstrip("/")


ADVICE: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(("s3", "s3a", "s3n"), _as_s3),
    **dict.fromkeys(("gs", "gcs"), _as_google),
    **dict.fromkeys(("r2", "b2", "oss", "cos", "obs", "swift"), _as_endpoint),
    **dict.fromkeys(("http", "https"), _as_web),
    "hf": _as_hub,
    "file": _as_file,
}
