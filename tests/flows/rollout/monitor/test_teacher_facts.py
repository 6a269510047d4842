"""The facts that a run shows of its teacher: offers, limits, thinking, and each sampling value with its source."""

from flows.rollout.dialects.text import TextDialect
from flows.rollout.monitor.teacher_facts import teacher_facts
from flows.rollout.protocol import Identity, ServedModel
from flows.rollout.sampling import attempt_sampling
from flows.settings import Teacher
from tests.doubles.teachers.scripted import ScriptedTeacher, TinyDialect

BASE = ServedModel("http://s", "base", "/models/base", None, 4_096)
ADAPTER = ServedModel("http://s", "lora", "/adapters/lora", "base", None)
IDENTITY = Identity("vllm", "0.32.0", "lora", None, 4_096, 46_592, {"top_k": 20}, (BASE, ADAPTER))


def test_the_facts_name_what_is_in_force() -> None:
    """A wrong window or sampling costs a night before anyone looks at a row."""
    dialect = TinyDialect()
    dialect.thinking = {"thinking": False, "reasoning_effort": "low"}
    facts = teacher_facts(IDENTITY, dialect, attempt_sampling(Teacher(temperature=0.6), IDENTITY, 0))
    assert facts == [
        ("teacher", "lora, vllm 0.32.0"),
        ("offered", "base, 4,096 tokens (http://s)"),
        ("offered", "lora, an adapter of base, a window that its card does not name (http://s)"),
        ("context window", "4,096 tokens"),
        ("KV cache", "46,592 tokens"),
        ("renderer", "chat tiny, thinking off, reasoning effort low"),
        (
            "sampling",
            "temperature 0.6 (settings), top_p 1 (neutral), top_k 20 (model), min_p 0 (neutral), "
            "presence_penalty 0 (neutral), frequency_penalty 0 (neutral), repetition_penalty 1 (neutral)",
        ),
    ]


def test_values_that_the_dialect_lowers_are_shown_as_its_own() -> None:
    identity = Identity("embedded", None, "small", None, 4_096)
    dialect = TextDialect(ScriptedTeacher(lambda prompt, seed: ""))
    facts = dict(teacher_facts(identity, dialect, attempt_sampling(Teacher(), identity, 0)))
    assert facts["sampling"].startswith("temperature 0.2 (dialect), top_p 0.95 (dialect), top_k 0 (neutral)")
    assert (facts["teacher"], facts["KV cache"]) == ("small, embedded", "unknown")
