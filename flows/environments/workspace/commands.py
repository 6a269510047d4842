"""Turns a command's end into the answer that the model reads: its output, and a line about anything but success."""

from flows.environments.sandbox import Completed, Limits
from flows.environments.tool import Answer
from schemas.trajectory import Kind

SHOWN_BYTES = 64 << 10
"""Bytes of the head and of the tail of an output that an answer holds."""
SIGNALLED = 128
"""An exit status above is that of a signal, as shells report it."""


def answer_of(done: Completed, limits: Limits) -> Answer:
    """Output, then what else happened; `empty` if it printed nothing and succeeded."""
    output = _shown(done.output, done.n_output_bytes)
    note = _note(done, limits)
    text = "\n".join(part for part in (output.rstrip("\n"), note) if part)
    cut = done.n_output_bytes > 2 * SHOWN_BYTES
    kind: Kind = "truncated" if cut else "ok" if text else "empty"
    return Answer(text or "[no output]", kind, queued_s=done.queued_s, cpu_s=done.cpu_s)


def _shown(output: bytes, n_bytes: int) -> str:
    if n_bytes <= 2 * SHOWN_BYTES:
        return output.decode("utf-8", "replace")
    head, tail = (part.decode("utf-8", "replace") for part in (output[:SHOWN_BYTES], output[-SHOWN_BYTES:]))
    return f"{head}\n[{n_bytes - 2 * SHOWN_BYTES:,} bytes of output are left out here]\n{tail}"


def _note(done: Completed, limits: Limits) -> str:
    if done.limit:
        return f"[{_sentence(done.limit, limits, ended=done.exit_code is None)}]"
    if done.exit_code is None:
        return "[the command was ended]"
    if done.exit_code > SIGNALLED:
        return f"[exit status {done.exit_code}: ended by signal {done.exit_code - SIGNALLED}]"
    return f"[exit status {done.exit_code}]" if done.exit_code else ""


def _sentence(limit: str, limits: Limits, *, ended: bool) -> str:
    """The limit that was reached, in words."""
    bounds = {
        "wall": f"{limits.wall_s:g} s of running time",
        "cpu": f"{limits.cpu_s:g} s of processor time",
        "memory": f"{limits.memory_mb} MB of memory",
        "processes": f"{limits.processes} processes",
        "disk": f"{limits.disk_mb} MB of new files",
        "file": f"{limits.file_mb} MB for one file",
        "output": f"{limits.output_mb} MB of output",
    }
    what = bounds.get(limit, limit)
    return f"the command was ended: it reached the limit of {what}" if ended else f"the limit of {what} was reached"
