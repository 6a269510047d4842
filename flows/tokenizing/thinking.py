"""Turns the settings of thinking into the fields of a renderer, and reads from a renderer what is on.

Each model family names its switch and its efforts differently, and many have none. A setting that a family lacks is
refused by name: the server would ignore it, and the rows would claim what never happened.
"""

from typing import Any, get_args

SWITCHES = ("enable_thinking", "thinking")
EFFORT = "reasoning_effort"
EFFORT_FLAGS = {"low_effort": "low", "medium_effort": "medium"}
"""Families with one lower effort, a flag of their template -> the effort that it sets."""
OFF = ("no_think", "none")
"""Efforts that switch thinking off, for families without a switch."""
KEEPING = {
    "preserve_thinking": True,
    "preserved_thinking": True,
    "clear_thinking": False,
    "auto_drop_analysis": False,
}
"""Options of templates that drop the reasoning of earlier turns -> the value that keeps it."""
Thinking = dict[str, bool | str | float | None]


class ThinkingError(Exception):
    """A family has no such setting of thinking; the message names the setting and what the family has."""


def thinking_fields(config: Any, thinking: bool | None, effort: str | None) -> Thinking:
    """Fields of a renderer's default `config` for the settings; None leaves the family's default.

    Raises ThinkingError for a setting that the family does not have.
    """
    fields: Thinking = {} if thinking is None else _switched(config, thinking, effort)
    if effort is None:
        return fields
    both = fields | _effort(config, effort)
    if thinking is False or not thinking_in_force(config.model_copy(update=both))["thinking"]:
        default = "is off by default" if thinking is None else "is off"
        raise ThinkingError(
            f"teacher.reasoning_effort = {effort} needs thinking, which {default} for {config.name}: "
            "set teacher.thinking = true and an effort that thinks, or leave the effort out"
        )
    return both


def thinking_in_force(config: Any) -> Thinking:
    """`thinking` (null: the template has no switch) and `reasoning_effort` (null: none) of a renderer's config."""
    known = type(config).template_field_names()
    effort = getattr(config, EFFORT) if EFFORT in known else _flagged(config, known)
    switch = _switch(known)
    on = getattr(config, switch) if switch else None
    if switch is None and EFFORT in known:
        on = effort not in OFF
    return {"thinking": on, "reasoning_effort": effort if on else None}


def keeping_fields(config: Any) -> dict[str, bool]:
    """Fields with which the template of a family writes the reasoning of every turn; empty if it has no such option."""
    return {name: value for name, value in KEEPING.items() if name in type(config).model_fields}


def _switched(config: Any, thinking: bool, effort: str | None) -> Thinking:
    known = type(config).template_field_names()
    if switch := _switch(known):
        return {switch: thinking}
    if EFFORT not in known:
        raise ThinkingError(f"teacher.thinking: {config.name} has no switch for thinking, leave the setting out")
    off = next((word for word in OFF if word in _efforts(config)), None)
    if not thinking and off is None:
        names = ", ".join(_efforts(config))
        raise ThinkingError(
            f"teacher.thinking = false: {config.name} always thinks; set teacher.reasoning_effort ({names})"
        )
    if not thinking:
        return {EFFORT: off}
    return {EFFORT: _efforts(config)[-1]} if getattr(config, EFFORT) in OFF and effort is None else {}


def _effort(config: Any, effort: str) -> Thinking:
    known, allowed = type(config).template_field_names(), _efforts(config)
    flag = next((flag for flag, word in EFFORT_FLAGS.items() if flag in known and word == effort), None)
    if flag:
        return {flag: True}
    if EFFORT in known and (effort in allowed or _is_share(config, effort)):
        return {EFFORT: effort if effort in allowed else float(effort)}
    offered = f"it takes {', '.join(allowed)}" if allowed else "it has no efforts, leave the setting out"
    raise ThinkingError(f"teacher.reasoning_effort = {effort} is not an effort of {config.name}: {offered}")


def _switch(known: frozenset[str]) -> str | None:
    return next((name for name in SWITCHES if name in known), None)


def _flagged(config: Any, known: frozenset[str]) -> str | None:
    return next((word for flag, word in EFFORT_FLAGS.items() if flag in known and getattr(config, flag)), None)


def _efforts(config: Any) -> list[str]:
    """Names of the family's efforts, from the lowest to the highest where the family orders them so."""
    known = type(config).template_field_names()
    if EFFORT not in known:
        return [word for flag, word in EFFORT_FLAGS.items() if flag in known]
    if _takes_share(config):
        from renderers.configs import INKLING_EFFORT_MAP

        return list(INKLING_EFFORT_MAP)
    return [str(word) for word in get_args(type(config).model_fields[EFFORT].annotation)]


def _takes_share(config: Any) -> bool:
    return float in get_args(type(config).model_fields[EFFORT].annotation)


def _is_share(config: Any, effort: str) -> bool:
    try:
        return _takes_share(config) and 0 <= float(effort) <= 0.99
    except ValueError:
        return False
