"""Opens the dialect that the settings name; a dialect's modules are imported only when it is settings."""

from flows.rollout.protocol import Dialect, Teacher
from flows.settings import Teacher as TeacherSettings


def open_dialect(settings: TeacherSettings, teacher: Teacher) -> Dialect:
    """The dialect of the settings for this teacher; raises TeacherRefused when its tokenizer or renderer is missing."""
    if settings.dialect == "text" or (settings.dialect == "auto" and settings.engine == "embedded"):
        from flows.rollout.dialects.text import TextDialect

        return TextDialect(teacher)
    from flows.rollout.dialects.chat import open_chat

    return open_chat(settings.tokenizer or teacher.identity.model, settings.renderer)
