"""Opens the model that plays the simulated users of a rollout, where the settings choose one over the script.

It is a model of its own, or the rollout's teacher, which then answers between its turns as a writer does.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from flows.environments.played_user import UserModel
from flows.rollout.protocol import Dialect, Teacher
from flows.rollout.writer import TeacherWriter, open_writer
from flows.settings import Settings


@asynccontextmanager
async def open_user(settings: Settings, teacher: Teacher, dialect: Dialect) -> AsyncIterator[UserModel | None]:
    """The model, for threads that block; None if users are scripted. Raises TeacherError."""
    user = settings.environments.user
    if user.played_by == "script":
        yield None
    elif not user.teacher.model_fields_set:
        yield TeacherWriter.of(settings.teacher, asyncio.get_running_loop(), teacher, dialect)
    else:
        stack = ExitStack()
        try:
            opening = open_writer(user.teacher, settings.logs)
            yield await asyncio.to_thread(stack.enter_context, opening)
        finally:
            await asyncio.to_thread(stack.close)
