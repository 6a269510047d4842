"""Facts about the teacher of a run: what its servers offer, how much they hold, and which sampling is in force.

They are shown at the start and by `factory status`, since a wrong window or sampling costs a night before anyone looks
at a row.
"""

from collections.abc import Iterator

from flows.rollout.protocol import Dialect, Identity, Sampling, ServedModel
from flows.rollout.sampling import parameters

Fact = tuple[str, str]
"""Name and value."""


def teacher_facts(identity: Identity, dialect: Dialect, sampling: Sampling) -> list[Fact]:
    """The facts, for an ordinary turn of an attempt that is sampled with `sampling`."""
    in_force = dialect.sampling(sampling, must_answer=False, tools=[])
    return [
        ("teacher", f"{identity.model}, {identity.engine} {identity.engine_version or ''}".strip()),
        *(("offered", _offer(one)) for one in identity.served),
        ("context window", f"{identity.context:,} tokens"),
        ("KV cache", f"{identity.kv_tokens:,} tokens" if identity.kv_tokens else "unknown"),
        ("renderer", ", ".join([f"{dialect.name} {dialect.renderer}", *_thinking(dialect)])),
        ("sampling", ", ".join(_values(in_force))),
    ]


def _offer(model: ServedModel) -> str:
    adapted = f", an adapter of {model.parent}" if model.parent else ""
    window = f"{model.context:,} tokens" if model.context else "a window that its card does not name"
    return f"{model.name}{adapted}, {window} ({model.server})"


def _thinking(dialect: Dialect) -> Iterator[str]:
    for name, value in dialect.thinking.items():
        if value is not None:
            shown = ("off", "on")[value] if isinstance(value, bool) else value
            yield f"{name.replace('_', ' ')} {shown}"


def _values(sampling: Sampling) -> Iterator[str]:
    for name, value in parameters(sampling).items():
        source = sampling.sources.get(name)
        yield f"{name} {value:g}" + (f" ({source})" if source else "")
