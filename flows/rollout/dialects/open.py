"""Opens the dialect that the settings name; a dialect's modules are imported only when it is settings."""

from flows.rollout.protocol import Dialect, Teacher, TeacherRefused
from flows.settings import Teacher as TeacherSettings


def open_dialect(settings: TeacherSettings, teacher: Teacher) -> Dialect:
    """The dialect of the settings for this teacher.

    Raises TeacherRefused when its tokenizer or renderer is missing, or lacks a setting of thinking that is set.
    """
    if settings.dialect == "text" or (settings.dialect == "auto" and settings.engine == "embedded"):
        from flows.rollout.dialects.text import TextDialect

        if settings.thinking or settings.reasoning_effort:
            raise TeacherRefused("the text dialect has no reasoning: leave out teacher.thinking and reasoning_effort")
        return TextDialect(teacher)
    from flows.rollout.dialects.chat import open_chat

    return open_chat(settings, teacher.identity.model)


def in_force(dialect: Dialect) -> str:
    """Dialect, renderer and thinking in force, in words: `chat dialect, renderer qwen3 (...), thinking on`."""
    on, effort = dialect.thinking["thinking"], dialect.thinking["reasoning_effort"]
    switch = "no switch for thinking" if on is None else f"thinking {'on' if on else 'off'}"
    words = [f"{dialect.name} dialect", f"renderer {dialect.renderer}", switch]
    return ", ".join([*words, f"effort {effort}"] if effort is not None else words)
