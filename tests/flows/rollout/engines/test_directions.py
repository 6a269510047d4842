"""Imports of the engines: the shared servers know no engine, and only the engines and one command know vLLM."""

from tests.house.shape import module_graph

ENGINES = "flows.rollout.engines"
INSTALLER = "flows.commands.teacher"


def test_engines_import_the_shared_servers_and_not_each_other() -> None:
    """A third engine must be able to use the server pool without vLLM or llama.cpp."""
    forbidden = {
        "servers": ("vllm", "embedded", "open"),
        "vllm": ("embedded", "open"),
        "embedded": ("vllm", "open"),
    }
    wrong = [
        f"{module} imports {target}"
        for room, others in forbidden.items()
        for module, targets in module_graph().items()
        for target in targets
        if module.startswith(f"{ENGINES}.{room}.") and target.startswith(tuple(f"{ENGINES}.{name}" for name in others))
    ]
    assert wrong == []


def test_only_the_engines_import_the_vllm_engine() -> None:
    """Code that depends on vLLM elsewhere would break with the next engine."""
    importers = {
        module
        for module, targets in module_graph().items()
        if any(target.startswith(f"{ENGINES}.vllm") for target in targets)
    }
    assert {module for module in importers if not module.startswith((ENGINES, "tests."))} == {INSTALLER}
