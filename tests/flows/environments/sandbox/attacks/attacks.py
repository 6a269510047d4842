"""Attacks on resources: what runs, within which limits, and which limit must be named."""

from dataclasses import dataclass, field

UNNAMED = None
PYTHON, SHELL = ("python3", "-c"), ("sh", "-c")


@dataclass(frozen=True)
class Attack:
    """`limits` are those of `Limits` that differ; `named` is the limit that the record of its end names."""

    argv: tuple[str, ...]
    named: str | None
    limits: dict[str, float] = field(default_factory=dict)
    says: bytes = b""
    """Part of the output, where the program itself learns of the limit."""


def python(code: str, named: str | None, says: bytes = b"", **limits: float) -> Attack:
    return Attack((*PYTHON, code), named, limits, says)


def shell(script: str, named: str | None, says: bytes = b"", **limits: float) -> Attack:
    return Attack((*SHELL, script), named, limits, says)


ATTACKS = {
    "fork bomb": shell("b() { (b &); (b &); sleep 60; }; b", "processes", processes=40),
    "fork bomb that ignores errors": python(
        "import os\nwhile 1:\n  try: os.fork()\n  except OSError: pass", "processes", processes=40
    ),
    "threads": python(
        "import threading, time\nfor i in range(200): threading.Thread(target=time.sleep, args=(60,)).start()",
        "processes", processes=40,
    ),
    "memory of one process": python("a = []\nwhile 1: a.append(bytearray(b'x' * 10**6))", "memory", memory_mb=100),
    "one huge allocation": python("bytearray(3 * 10**9)", UNNAMED, b"MemoryError", memory_mb=100),
    "memory of many processes": python(
        "import os, time\nfor i in range(10):\n  if os.fork() == 0:\n    a = b'x' * 30_000_000; time.sleep(60)\n"
        "time.sleep(60)", "memory", memory_mb=150,
    ),
    "shared memory": python(
        "import mmap, time\nm = mmap.mmap(-1, 400_000_000)\nfor i in range(0, 400_000_000, 4096): m[i] = 1\n"
        "time.sleep(60)", "memory", memory_mb=100,
    ),
    "files in /tmp": shell(
        "head -c 90m /dev/zero >/tmp/a; head -c 45m /dev/zero >/dev/shm/a; df /tmp /dev/shm", UNNAMED,
        b"No space left", memory_mb=100,
    ),
    "memory and files in memory together": python(
        "import time\nfor p in ('/tmp/a', '/dev/shm/a'): open(p, 'wb').write(b'x' * 24_000_000)\n"
        "a = b'x' * 60_000_000; time.sleep(60)", "memory", memory_mb=100,
    ),
    "many files in /tmp": python("i = 0\nwhile 1:\n  open(f'/tmp/{i}', 'w').close(); i += 1", "memory"),
    "many files": python("i = 0\nwhile 1:\n  open(str(i), 'w').close(); i += 1", "disk", disk_mb=8),
    "many folders": python("import os\ni = 0\nwhile 1:\n  os.mkdir(str(i)); i += 1", "disk", disk_mb=4),
    "a sparse file": python("open('a', 'w').truncate(10**12)", UNNAMED, b"File too large", file_mb=10),
    "one long file": shell("cat /dev/zero >a", "file", file_mb=10),
    "one long file whose signal is ignored": python(
        "f = open('a', 'wb')\nwhile 1: f.write(b'x' * 10**6)", "file", b"File too large", file_mb=10
    ),
    "a full disk": shell(
        "i=0; while :; do head -c 9m /dev/zero >f$i; i=$((i+1)); done", "disk", disk_mb=60, file_mb=10
    ),
    "a disk full of deleted files": python(
        "import os, time\nkept = []\nfor i in range(60):\n  f = open('a', 'wb', buffering=0); f.write(b'x' * 9000000)\n"
        "  os.unlink('a'); kept.append(f)\ntime.sleep(60)", "disk", disk_mb=60, file_mb=10,
    ),
    "a disk full of reserved space": python(
        "import os, time\nfor i in range(60):\n  f = os.open(f'a{i}', os.O_CREAT | os.O_WRONLY)\n"
        "  os.posix_fallocate(f, 0, 9_000_000)\ntime.sleep(60)", "disk", disk_mb=60, file_mb=10,
    ),
    "endless output": Attack(("yes",), "output", {"output_mb": 2}),
    "endless errors": shell("w=$(seq 9999); while :; do echo $w >&2; done", "output", output_mb=1),
    "an endless line": shell("cat /dev/zero", "output", output_mb=2),
    "sleep": Attack(("sleep", "1000"), "wall", {"wall_s": 0.4}),
    "a stopped process": shell("kill -STOP $$", "wall", wall_s=0.4),
    "an endless loop": shell("while :; do :; done", "cpu", cpu_s=0.4),
    "endless loops": shell(
        "for i in 1 2 3 4; do sh -c 'while :; do :; done' & done; wait", "cpu", cpu_s=0.4
    ),
    "an endless loop without signals": python(
        "import signal\nfor s in (signal.SIGXCPU, signal.SIGTERM, signal.SIGINT): signal.signal(s, signal.SIG_IGN)\n"
        "while 1: pass", "cpu", cpu_s=0.4,
    ),
    "children whose times are lost": python(
        "import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nwhile 1:\n  p = os.fork()\n"
        "  if p == 0:\n    while time.process_time() < .02: pass\n    os._exit(0)\n"
        "  try: os.waitpid(p, 0)\n  except OSError: pass", "wall", wall_s=1,
    ),
    "deep folders": python("import os\nfor i in range(400):\n  os.mkdir('d'); os.chdir('d')", "disk"),
    "full pipes and sockets": python(
        "import socket\nkept = []\ntry:\n  while 1:\n    a, b = socket.socketpair(); a.setblocking(0)\n"
        "    kept.append((a, b))\n    try:\n      while 1: a.send(b'x' * 60000)\n    except BlockingIOError: pass\n"
        "except OSError as error: print(error)", UNNAMED, b"Too many open files",
    ),
    "arguments without end": Attack(("echo", "x" * 3_000_000), UNNAMED, {}, b"Argument list too long"),
    "an argument with a null character": Attack(("echo", "x\0y"), UNNAMED, {}, b"null character"),
    "locked memory": python(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nprint(libc.mlockall(3), ctypes.get_errno())", UNNAMED,
        b"-1 12",
    ),
}  # fmt: skip
