"""Opens the teacher and the dialect that the settings name, and a writer for composers that need text written.

An engine's modules are imported only when the settings choose it.
"""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from flows.rollout.engines.servers.child_process import OnProgress, ignore_progress
from flows.rollout.protocol import Dialect, Message, Sampling, Teacher, TeacherError, TeacherRefused
from flows.settings import Settings


def open_teacher(settings: Settings, on_progress: OnProgress = ignore_progress) -> AbstractAsyncContextManager[Teacher]:
    """The teacher of the settings while the block runs; starts its server unless teacher.urls names running ones.

    `on_progress` receives lines about the start. Raises TeacherError, with the next step, when the start fails.
    """
    if settings.teacher.engine == "vllm":
        return _open_vllm(settings, on_progress)
    from flows.rollout.engines.embedded.teacher import open_embedded

    return open_embedded(settings, on_progress)


@asynccontextmanager
async def _open_vllm(settings: Settings, on_progress: OnProgress) -> AsyncIterator[Teacher]:
    from flows.rollout.engines.servers.http_client import HttpClient
    from flows.rollout.engines.vllm.serve import serve_vllm
    from flows.rollout.engines.vllm.teacher import connect_vllm

    teacher = settings.teacher
    async with AsyncExitStack() as stack:
        urls = [url.rstrip("/").removesuffix("/v1") for url in teacher.urls]
        supervisors = {}
        if not urls:
            server = await stack.enter_async_context(serve_vllm(settings, on_progress))
            urls, supervisors = [server.url], {server.url: server}
        client = await stack.enter_async_context(HttpClient(teacher))
        on_progress(f"connecting to {', '.join(urls)}")
        yield await stack.enter_async_context(connect_vllm(client, urls, teacher, supervisors))


def open_dialect(settings: Settings, teacher: Teacher) -> Dialect:
    """The dialect of the settings for this teacher; raises TeacherRefused when its tokenizer or renderer is missing."""
    chosen = settings.teacher
    if chosen.dialect == "text" or (chosen.dialect == "auto" and chosen.engine == "embedded"):
        from flows.rollout.dialects.text import TextDialect

        return TextDialect(teacher)
    from flows.rollout.dialects.chat import open_chat

    return open_chat(chosen.tokenizer or teacher.identity.model, chosen.renderer)


@contextmanager
def open_writer(settings: Settings) -> Iterator[Callable[[str, str], str]]:
    """A function from (system prompt, user text) to the teacher's answer, for composers that need text written.

    Equal arguments give equal seeds. Raises TeacherError. Blocks, so never call it on an event loop.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="writer", daemon=True)
    thread.start()

    def wait(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    stack = AsyncExitStack()
    try:
        teacher = wait(stack.enter_async_context(open_teacher(settings)))
        dialect = open_dialect(settings, teacher)
        yield lambda system, user: str(wait(_write(settings, teacher, dialect, system, user)))
    finally:
        wait(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _write(settings: Settings, teacher: Teacher, dialect: Dialect, system: str, user: str) -> str:
    chosen, session = settings.teacher, hashlib.sha256(f"{system}\n{user}".encode()).hexdigest()
    opened = await dialect.open([Message("system", system), Message("user", user)], [])
    prompt = [token for piece in opened.pieces for token in piece] + opened.cue
    remaining = teacher.identity.context - len(prompt)
    if remaining < 1:
        raise TeacherRefused(f"a prompt of {len(prompt)} tokens fills the context of {teacher.identity.context} tokens")
    max_tokens = min(chosen.max_completion_tokens, remaining)
    wanted = Sampling(chosen.temperature, chosen.top_p, max_tokens, int(session[:7], 16))
    sampling = dialect.sampling(wanted, must_answer=True, tools=[])
    completion = await teacher.generate(prompt, sampling, session)
    parsed = await dialect.parse(completion, [])
    if parsed.answer is None:
        raise TeacherError(f"the teacher's reply holds no answer ({parsed.parse}); raise teacher.max_completion_tokens")
    return parsed.answer
