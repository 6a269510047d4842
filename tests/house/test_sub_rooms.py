"""Imports between the sub-rooms of one room run one way: a part imports parts of lower levels only."""

import pytest

from tests.house.shape import module_graph

Levels = tuple[set[str], ...]

ROOMS: dict[str, Levels] = {
    "sources": (
        {"registry"},
        {"pydoc_site", "feed"},
        {"web", "folder", "warc", "zim", "parquet", "git", "mediawiki", "oai"},
        {"collections"},
        {"protocol"},
        {"crawl_run"},
        {"frontier"},
        {"archive"},
        {"http"},
        {"graph"},
        {"text", "index"},
        {"blocklist", "privacy", "rights"},
        {"url_forms"},
        {"urls", "status_codes", "worker_process", "languages"},
        {"language_model"},
    ),
    "flows.rollout": (
        {"flow"},
        {"rehearsal"},
        {"run", "trial", "capacity"},
        {"shards"},
        {"work"},
        {"user_model"},
        {"writer"},
        {"run_record", "briefs"},
        {"task_texts", "monitor"},
        {"pool"},
        {"verifiers", "journal", "reparse"},
        {"loop", "dialects"},
        {"tools", "engines"},
        {"sampling", "chat_protocol"},
        {"protocol"},
        {"usage", "server_load"},
    ),
    "flows.rollout.engines": ({"open", "check"}, {"vllm", "sglang", "chat", "embedded"}, {"servers"}),
    "flows.schedule": (
        {"flow", "supervisor"},
        {"sentences", "recorded", "booking", "telling"},
        {"history"},
        {"night_log", "times", "prefect_server"},
        {"ports", "interrupts", "run_lock", "new_database"},
    ),
    "flows.engine": ({"check"}, {"open"}, {"ray_executor"}, {"ray_driver"}, {"place"}, {"engine"}),
    "flows.refine": (
        {"flow"},
        {"decide", "audit", "validate_settings"},
        {"cluster_prepare"},
        {"background_prepare"},
        {"gates", "caches"},
        {"dedupe", "decontaminate"},
    ),
    "flows.publish": (
        {"flow"},
        {"release", "check_store"},
        {"withdraw"},
        {"views"},
        {"stores"},
        {"manifest"},
        {"build"},
        {"errors"},
    ),
}
"""Room -> its modules and sub-rooms by level, from the top; each imports lower levels and itself only."""


@pytest.mark.parametrize("room", ROOMS)
def test_parts_import_lower_levels_only(room: str) -> None:
    """A part that needs a higher level can no longer be tested, reused or replaced alone."""
    level = {part: depth for depth, parts in enumerate(ROOMS[room]) for part in parts}
    wrong = [
        f"{module} imports {target}"
        for module, targets in module_graph().items()
        for target in targets
        if (here := _part(room, module)) and (there := _part(room, target)) and here != there
        if level[there] <= level[here]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("private", "allowed"),
    [
        ("flows.rollout.engines.vllm", ("flows.rollout.engines", "flows.commands.teacher")),
        ("flows.rollout.engines.sglang", ("flows.rollout.engines",)),
        ("flows.rollout.engines.chat", ("flows.rollout.engines", "flows.rollout.dialects")),
        ("flows.publish.stores.s3", ("flows.publish.stores.open",)),
        ("flows.publish.stores.hub", ("flows.publish.stores.open",)),
    ],
)
def test_one_place_chooses_an_engine_or_a_store(private: str, allowed: tuple[str, ...]) -> None:
    """A new engine or address scheme is one new part and one line of the opening file."""
    users = [
        module for module, targets in module_graph().items() if any(f"{t}.".startswith(f"{private}.") for t in targets)
    ]
    assert [module for module in users if not module.startswith((private, *allowed, "tests."))] == []


def _part(room: str, module: str) -> str | None:
    """The sub-room or module of a room to which a module belongs; None outside the room and for its `__init__`."""
    prefix = f"{room}."
    return module.removeprefix(prefix).split(".")[0] if module.startswith(prefix) else None
