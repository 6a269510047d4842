"""Imports inside publish point one way: flow -> release, views -> stores, manifest -> build -> errors."""

from tests.house.shape import module_graph

ROOM = "flows.publish."
ORDER = ("flow", "release", "withdraw", "views", "stores", "manifest", "build", "errors")
"""A part may import from the parts after it only."""


def part_of(module: str) -> str:
    return module.removeprefix(ROOM).split(".")[0]


def test_imports_point_one_way() -> None:
    """Stores and the build must be usable without the views, and views without a release of this machine."""
    wrong = [
        f"{module} imports {target}"
        for module, targets in module_graph().items()
        for target in targets
        if module.startswith(ROOM) and target.startswith(ROOM)
        if ORDER.index(part_of(target)) < ORDER.index(part_of(module))
    ]
    assert wrong == []


def test_only_the_opening_file_imports_the_remote_stores() -> None:
    """A new address scheme is one store and one line of stores/open.py."""
    remote = {"flows.publish.stores.s3", "flows.publish.stores.hub"}
    users = [module for module, targets in module_graph().items() if remote & set(targets)]
    assert [module for module in users if not module.startswith("tests.")] == ["flows.publish.stores.open"]
