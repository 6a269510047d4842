"""Opens the dialect that the settings name; a dialect's modules are imported only when it is chosen."""

from flows.rollout.protocol import Dialect, Teacher
from flows.settings import Settings


def open_dialect(settings: Settings, teacher: Teacher) -> Dialect:
    """The dialect of the settings for this teacher; raises TeacherRefused when its tokenizer or renderer is missing."""
    chosen = settings.teacher
    if chosen.dialect == "text" or (chosen.dialect == "auto" and chosen.engine == "embedded"):
        from flows.rollout.dialects.text import TextDialect

        return TextDialect(teacher)
    from flows.rollout.dialects.chat import open_chat

    return open_chat(chosen.tokenizer or teacher.identity.model, chosen.renderer)
