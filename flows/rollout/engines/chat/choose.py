"""Chooses the API form of the settings, and the fields that the settings add to its requests."""

from flows.rollout.engines.chat.anthropic import AnthropicApi
from flows.rollout.engines.chat.api import SAMPLING, Api, Json
from flows.rollout.engines.chat.openai import OpenAiApi
from flows.rollout.protocol import TeacherRefused
from flows.settings import Teacher

OWN_FIELDS = frozenset({"model", "messages", "system", "tools", "tool_choice", "stream", "n", "max_tokens"})
"""Fields that the engine writes itself."""


def choose_api(settings: Teacher) -> Api:
    """The form of `teacher.api`, by default that of the first address. Raises TeacherRefused without an address."""
    if not settings.urls:
        raise TeacherRefused(
            "teacher.urls is empty: name the API, such as https://api.openai.com/v1 or https://api.anthropic.com"
        )
    chosen = settings.api
    if chosen == "auto":
        chosen = "anthropic" if "anthropic" in settings.urls[0].lower() else "openai"
    api: Api = AnthropicApi() if chosen == "anthropic" else OpenAiApi()
    unknown = {name for name in settings.model_fields_set if _is_set(settings, name)} - api.parameters
    if unknown:
        names = ", ".join(f"teacher.{name}" for name in sorted(unknown))
        raise TeacherRefused(f"{api.renderer} does not take {names}: leave out, or set teacher.request_fields")
    return api


def shaping_fields(api: Api, settings: Teacher) -> Json:
    """The fields that the settings add to each request; raises TeacherRefused for one that the engine writes itself."""
    if own := OWN_FIELDS & settings.request_fields.keys():
        raise TeacherRefused(f"teacher.request_fields holds {', '.join(sorted(own))}, which the engine writes itself")
    return api.thinking_fields(settings.thinking, settings.reasoning_effort) | settings.request_fields


def _is_set(settings: Teacher, name: str) -> bool:
    return name in SAMPLING and getattr(settings, name) is not None
