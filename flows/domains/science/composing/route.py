"""The route of a person who knows the way through a study: pages to read, values on them, steps to compute."""

from flows.domains.science.study.pages import RULES, address_of_edition
from flows.domains.science.study.parts import Part, Study


def route_of(study: Study) -> dict[str, object]:
    """The route as JSON values; values are those of the pages in the units of the steps."""
    terms = [[part.procedure, one.weight, one.level] for part, one in zip(study.parts, study.terms, strict=True)]
    return {
        "rules": RULES,
        "parts": [_leg(part) for part in study.parts],
        "index": {"query": study.code, "page": f"indices/{study.code}", "terms": terms},
    }


def _leg(part: Part) -> dict[str, object]:
    topic, given = part.topic, part.given(part.chosen)
    return {
        "number": part.number,
        "topic": topic.name,
        "reads": [
            {"query": part.procedure, "pages": [f"procedures/{part.procedure}"]},
            {"query": part.chosen.code, "pages": [f"specimens/{part.chosen.code}"]},
            {
                "query": f"compendium {topic.material} {part.chosen.material}",
                "pages": [address_of_edition(part, one) for one in (part.older, part.later)],
            },
            {"query": f"correction {topic.title} {part.chosen.material}", "pages": [f"corrections/{topic.name}"]},
        ],
        "given": {one.name: given[one.name] for one in topic.quantities},
    }
