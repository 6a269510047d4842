"""The teacher that the settings name, opened and closed, with its dialect; and a writer for composers."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from flows.rollout.engines.servers.child_process import Tell, unheard
from flows.rollout.protocol import Dialect, Message, Sampling, Teacher, TeacherError, TeacherRefused
from flows.settings import Settings


def open_teacher(settings: Settings, tell: Tell = unheard) -> AbstractAsyncContextManager[Teacher]:
    """The teacher of the settings, for as long as the block runs; starts its server where it has to.

    `tell` hears how a start goes on. Raises TeacherError when the teacher cannot be had, saying what to do.
    """
    if settings.teacher.engine == "vllm":
        return _open_vllm(settings, tell)
    from flows.rollout.engines.embedded.teacher import open_embedded

    return open_embedded(settings, tell)


@asynccontextmanager
async def _open_vllm(settings: Settings, tell: Tell) -> AsyncIterator[Teacher]:
    from flows.rollout.engines.servers.http_client import Wire
    from flows.rollout.engines.vllm.serve import served
    from flows.rollout.engines.vllm.teacher import connected

    chosen = settings.teacher
    async with AsyncExitStack() as stack:
        urls = [url.rstrip("/").removesuffix("/v1") for url in chosen.urls]
        keepers = {}
        if not urls:
            child = await stack.enter_async_context(served(settings, tell))
            urls, keepers = [child.url], {child.url: child}
        wire = await stack.enter_async_context(Wire(chosen))
        tell(f"asking {', '.join(urls)}")
        yield await stack.enter_async_context(connected(wire, urls, chosen, keepers))


def open_dialect(settings: Settings, teacher: Teacher) -> Dialect:
    """The dialect of the settings for this teacher; raises TeacherRefused when it cannot be had."""
    chosen = settings.teacher
    if chosen.dialect == "text" or (chosen.dialect == "auto" and chosen.engine == "embedded"):
        from flows.rollout.dialects.text import TextDialect

        return TextDialect(teacher)
    from flows.rollout.dialects.chat import open_chat

    return open_chat(chosen.tokenizer or teacher.identity.model, chosen.renderer)


@contextmanager
def open_writer(settings: Settings) -> Iterator[Callable[[str, str], str]]:
    """A teacher that answers one (system prompt, user text) with text, for composers that need words written.

    The same words give the same seed. Raises TeacherError; blocks, so never call it on an event loop.
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
    room = teacher.identity.context - len(prompt)
    if room < 1:
        raise TeacherRefused(f"a prompt of {len(prompt)} tokens leaves no room in {teacher.identity.context}")
    wish = Sampling(chosen.temperature, chosen.top_p, min(chosen.max_completion_tokens, room), int(session[:7], 16))
    sampling = dialect.sampling(wish, must_answer=True, tools=[])
    completion = await teacher.generate(prompt, sampling, session)
    parsed = await dialect.parse(completion, [])
    if parsed.answer is None:
        raise TeacherError(
            f"the teacher wrote nothing that can be used ({parsed.parse}); raise teacher.max_completion_tokens"
        )
    return parsed.answer
