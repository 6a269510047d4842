"""Imports inside refine point one way: steps -> gates -> decontaminate, dedupe."""

from tests.house.shape import module_graph

ROOM = "flows.refine"
STEPS = ("flow", "decide", "audit", "background_prepare", "validate_settings")


def test_imports_point_from_the_steps_to_the_gates_to_dedupe_and_decontaminate() -> None:
    """Deduplication and decontamination must be usable without the gates, and the gates without the steps."""
    forbidden = {
        "gates": STEPS,
        "dedupe": (*STEPS, "gates", "decontaminate"),
        "decontaminate": (*STEPS, "gates", "dedupe"),
    }
    wrong = [
        f"{module} imports {target}"
        for room, others in forbidden.items()
        for module, targets in module_graph().items()
        for target in targets
        if module.startswith(f"{ROOM}.{room}.") and target.startswith(tuple(f"{ROOM}.{name}" for name in others))
    ]
    assert wrong == []
