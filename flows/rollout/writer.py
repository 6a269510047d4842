"""Opens a writer: the teacher as a blocking function from a prompt to text, for composers of tasks."""

import asyncio
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.rollout.chat_protocol import ChatRequest, ChatTeacher
from flows.rollout.dialects.open import open_dialect, prove_dialect
from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import Dialect, Message, Teacher, TeacherError, TeacherRefused
from flows.rollout.sampling import attempt_sampling
from flows.settings import Teacher as TeacherSettings


@contextmanager
def open_writer(settings: TeacherSettings, logs: Path) -> Iterator[Callable[[str, str], str]]:
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
        teacher = wait(stack.enter_async_context(open_teacher(settings, logs)))
        dialect = open_dialect(settings, teacher)
        wait(prove_dialect(settings, dialect, teacher))
        yield lambda system, user: str(wait(_write(settings, teacher, dialect, system, user)))
    finally:
        wait(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _write(settings: TeacherSettings, teacher: Teacher, dialect: Dialect, system: str, user: str) -> str:
    session = hashlib.sha256(f"{system}\n{user}".encode()).hexdigest()
    opened = await dialect.open([Message("system", system), Message("user", user)], [])
    remaining = teacher.identity.context - opened.n_tokens
    if remaining < 1:
        refusal = f"a prompt of {opened.n_tokens} tokens fills the context of {teacher.identity.context} tokens"
        raise TeacherRefused(refusal)
    wanted = attempt_sampling(settings, teacher.identity, int(session[:7], 16))
    fitting = replace(wanted, max_tokens=min(wanted.max_tokens, remaining))
    sampling = dialect.sampling(fitting, must_answer=True, tools=[])
    if isinstance(teacher, ChatTeacher):
        completion = await teacher.reply(ChatRequest(opened.api_messages, [], sampling, must_answer=True), session)
    else:
        prompt = [token for piece in opened.pieces for token in piece] + opened.cue
        completion = await teacher.generate(prompt, sampling, session)
    parsed = await dialect.parse(completion, [])
    if parsed.answer is None:
        raise TeacherError(f"the teacher's reply holds no answer ({parsed.parse}); raise teacher.max_completion_tokens")
    return parsed.answer
