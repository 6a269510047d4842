"""Imports between the rooms of rollout run one way, from the Prefect task down to the protocol."""

from tests.house.shape import module_graph

LEVELS = (
    {"flow"},
    {"run", "writer"},
    {"run_record", "briefs"},
    {"monitor"},
    {"pool"},
    {"verifiers", "journal", "reparse"},
    {"loop", "dialects"},
    {"tools", "engines"},
    {"protocol"},
)
"""Rooms and modules of flows/rollout, from the top; each may import those of lower levels only."""


def test_rooms_of_rollout_import_lower_levels_only() -> None:
    """A journal that needed the pool, or a loop that needed an engine, could not be tested or replaced alone."""
    level = {room: depth for depth, rooms in enumerate(LEVELS) for room in rooms}
    wrong = []
    for module, targets in module_graph().items():
        if module.startswith("flows.rollout."):
            room = module.split(".")[2]
            found = {target.split(".")[2] for target in targets if target.startswith("flows.rollout.")} - {room}
            wrong += [f"{module} imports {target}" for target in found if level[target] <= level[room]]
    assert wrong == []
