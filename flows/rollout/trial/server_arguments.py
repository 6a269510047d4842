"""The command-line arguments of inference servers that the advice of a trial and its unknown figures refer to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ServerArguments:
    """Arguments of one engine's server; empty where it has none."""

    caching: tuple[str, ...] = ()
    """They switch the prefix cache on."""
    no_caching: tuple[str, ...] = ()
    """They switch it off, so they have to go."""
    small_kv: tuple[str, ...] = ()
    """The KV cache holds about twice the tokens, at a lower precision."""
    metrics: str = "it has no metrics"
    """The reason for which a server shows no metrics."""
    echo: bool = False
    """True if the engine compares the server's echo of the prompt in every reply, and refuses another one."""


ARGUMENTS = {
    "vllm": ServerArguments(
        caching=("--enable-prefix-caching",),
        no_caching=("--no-enable-prefix-caching",),
        small_kv=("--kv-cache-dtype", "fp8"),
        metrics="/metrics shows none, as with --disable-log-stats",
        echo=True,
    ),
    "sglang": ServerArguments(
        no_caching=("--disable-radix-cache",),
        small_kv=("--kv-cache-dtype", "fp8_e4m3"),
        metrics="/metrics shows none: it needs --enable-metrics",
        echo=True,
    ),
    "embedded": ServerArguments(metrics="llama.cpp shows none here"),
}
"""Engine -> its arguments."""


def server_arguments(engine: str) -> ServerArguments:
    """The arguments of an engine; all empty for an engine without a server of its own."""
    return ARGUMENTS.get(engine, ServerArguments())
