"""Reads the cards of /v1/models: base models, adapters, and the context window that holds for each.

The card of an adapter (LoRA) names no context window but a parent, whose window holds for the adapter too.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from flows.rollout.protocol import ServedModel, TeacherRefused


def served_models(url: str, cards: Sequence[Any]) -> tuple[ServedModel, ...]:
    """The models and adapters of a server, in its order; an adapter without a window has that of its ancestors."""
    named = {str(card["id"]): card for card in cards if isinstance(card, dict) and card.get("id")}
    return tuple(
        ServedModel(url, name, _text(card.get("root")), _text(card.get("parent")), _window(name, named))
        for name, card in named.items()
    )


def base_model(model: ServedModel, served: Sequence[ServedModel]) -> ServedModel:
    """The model that an adapter adapts, at the end of its parents; a model without a parent is its own."""
    names = {one.name: one for one in served}
    return names[_ancestry(model.name, {one.name: one.parent for one in served})[-1]]


def _window(name: str, cards: dict[str, Any]) -> int | None:
    parents = {one: _text(card.get("parent")) for one, card in cards.items()}
    windows = [cards[one].get("max_model_len") for one in _ancestry(name, parents)]
    return next((window for window in windows if isinstance(window, int) and window > 0), None)


def _ancestry(name: str, parents: dict[str, str | None]) -> list[str]:
    """The name and its known parents, nearest first, each once."""
    line = [name]
    while (parent := parents[line[-1]]) in parents and parent not in line:
        line.append(str(parent))
    return line


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def not_served(url: str, wanted: str | None, served: Iterable[ServedModel]) -> TeacherRefused:
    """The error for a server that does not offer `wanted`, or that offers nothing."""
    names = ", ".join(model.name for model in served)
    if not names:
        return TeacherRefused(f"{url} offers no model: load one there, or correct teacher.urls")
    return TeacherRefused(
        f"{url} does not serve teacher.model = {wanted}; it serves {names}: set teacher.model to one of these"
    )
