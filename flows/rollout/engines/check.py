"""Checks in seconds that the teacher of the settings can be opened, before hours of crawl depend on it.

Nothing is started: running servers are asked if they answer, and the files that the settings name must exist.
"""

from pathlib import Path

import httpx

from flows.rollout.engines.chat.choose import choose_api, shaping_fields
from flows.rollout.engines.servers.http_client import tls_context
from flows.rollout.protocol import TeacherError
from flows.settings import SettingsError, Teacher

ANSWER_S = 5.0
SERVER_FAULT = 500
PATH_STARTS = ("/", "./", "../", "~")


def check_teacher(settings: Teacher) -> None:
    """Raise TeacherError if no server of teacher.urls answers, SettingsError if a file of the settings is missing."""
    _check_files(settings)
    if settings.engine == "chat":
        shaping_fields(choose_api(settings), settings)
    if settings.urls:
        _check_servers(settings)
    elif settings.engine == "vllm":
        from flows.rollout.engines.vllm.serve import vllm_command

        vllm_command(settings, port=0)


def _check_files(settings: Teacher) -> None:
    files = {"tokenizer": settings.tokenizer} | ({} if settings.urls else {"model": settings.model})
    for name, place in files.items():
        if place and (place.startswith(PATH_STARTS) or _is_gguf(settings, name)) and not _exists(place):
            raise SettingsError(f"teacher.{name} = {place!r}: no such file or folder")


def _is_gguf(settings: Teacher, name: str) -> bool:
    return name == "model" and settings.engine == "embedded"


def _exists(place: str) -> bool:
    return Path(place).expanduser().exists()


def _check_servers(settings: Teacher) -> None:
    with httpx.Client(verify=tls_context(settings), timeout=ANSWER_S) as client:
        failures = [_failure(client, url) for url in settings.urls]
    if all(failures):
        raise TeacherError(
            f"teacher.urls: no server answers ({'; '.join(filter(None, failures))}). Start one, or correct the setting."
        )


def _failure(client: httpx.Client, url: str) -> str | None:
    """Why the server does not answer; None if it does. Any answer below 500 counts: engines differ in their paths."""
    try:
        status = client.get(f"{url.rstrip('/').removesuffix('/v1')}/health").status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{url}: {error or type(error).__name__}"
    return f"{url}: status {status}" if status >= SERVER_FAULT else None
