"""Opens the teacher that the settings name; an engine's modules are imported only when it is chosen."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from flows.rollout.engines.servers.child_process import OnProgress, ignore_progress
from flows.rollout.protocol import Teacher, TeacherRefused
from flows.settings import Teacher as TeacherSettings


def open_teacher(
    settings: TeacherSettings, logs: Path, on_progress: OnProgress = ignore_progress
) -> AbstractAsyncContextManager[Teacher]:
    """The teacher of the settings while the block runs; starts a server unless teacher.urls names running ones.

    Servers write their logs to the folder `logs`; `on_progress` receives lines about the start. Raises TeacherError,
    with the next step, when the start fails.
    """
    if settings.engine == "vllm":
        return _open_vllm(settings, logs, on_progress)
    if settings.engine == "chat":
        return _open_api(settings, on_progress)
    if settings.engine == "sglang":
        return _open_sglang(settings, on_progress)
    from flows.rollout.engines.embedded.teacher import open_embedded

    return open_embedded(settings, logs, on_progress)


@asynccontextmanager
async def _open_vllm(settings: TeacherSettings, logs: Path, on_progress: OnProgress) -> AsyncIterator[Teacher]:
    from flows.rollout.engines.servers.http_client import HttpClient
    from flows.rollout.engines.vllm.serve import serve_vllm
    from flows.rollout.engines.vllm.teacher import connect_vllm

    async with AsyncExitStack() as stack:
        urls = _urls(settings)
        supervisors = {}
        if not urls:
            server = await stack.enter_async_context(serve_vllm(settings, logs, on_progress))
            urls, supervisors = [server.url], {server.url: server}
        client = await stack.enter_async_context(HttpClient(settings))
        on_progress(f"connecting to {', '.join(urls)}")
        yield await stack.enter_async_context(connect_vllm(client, urls, settings, supervisors))


@asynccontextmanager
async def _open_sglang(settings: TeacherSettings, on_progress: OnProgress) -> AsyncIterator[Teacher]:
    from flows.rollout.engines.servers.http_client import HttpClient
    from flows.rollout.engines.sglang.teacher import connect_sglang

    if not (urls := _urls(settings)):
        raise TeacherRefused("the flow starts no SGLang server: start one and set teacher.urls to its address")
    on_progress(f"connecting to {', '.join(urls)}")
    async with HttpClient(settings) as client, connect_sglang(client, urls, settings) as teacher:
        yield teacher


@asynccontextmanager
async def _open_api(settings: TeacherSettings, on_progress: OnProgress) -> AsyncIterator[Teacher]:
    from flows.rollout.engines.chat.choose import choose_api
    from flows.rollout.engines.chat.teacher import connect_api

    api = choose_api(settings)
    on_progress(f"connecting to {', '.join(settings.urls)} ({api.renderer})")
    async with connect_api(api, settings.urls, settings) as teacher:
        yield teacher


def _urls(settings: TeacherSettings) -> list[str]:
    return [url.rstrip("/").removesuffix("/v1") for url in settings.urls]
