"""Opens the dialect that the settings name; a dialect's modules are imported only when it is settings."""

from flows.rollout.protocol import Dialect, Teacher, TeacherRefused
from flows.settings import Teacher as TeacherSettings


def open_dialect(settings: TeacherSettings, teacher: Teacher) -> Dialect:
    """The dialect of the settings for this teacher.

    Raises TeacherRefused when its tokenizer or renderer is missing, or lacks a setting of thinking that is set.
    """
    if settings.engine == "chat":
        return _open_messages(settings)
    if settings.writes_lines:
        from flows.rollout.dialects.text import TextDialect

        if settings.thinking or settings.reasoning_effort:
            raise TeacherRefused("the text dialect has no reasoning: leave out teacher.thinking and reasoning_effort")
        return TextDialect(teacher)
    from flows.rollout.dialects.chat import open_chat

    return open_chat(settings, teacher.identity.model)


async def prove_dialect(settings: TeacherSettings, dialect: Dialect, teacher: Teacher) -> None:
    """Compare tokenizer and chat template with the server's, unless teacher.check_template is false.

    Raises TeacherRefused with the first difference. The text dialect encodes on the server, so it needs no proof.
    """
    from flows.rollout.dialects.chat import ChatDialect
    from flows.rollout.dialects.server_proof import prove

    if settings.check_template and settings.engine != "embedded" and isinstance(dialect, ChatDialect):
        await prove(dialect, teacher)


def _open_messages(settings: TeacherSettings) -> Dialect:
    from flows.rollout.dialects.messages import MessagesDialect
    from flows.rollout.engines.chat.choose import choose_api, shaping_fields

    if settings.dialect == "text":
        raise TeacherRefused("the text dialect needs token ids, which an API does not have: set teacher.dialect = chat")
    api = choose_api(settings)
    return MessagesDialect(api, shaping_fields(api, settings))
