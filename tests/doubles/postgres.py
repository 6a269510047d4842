"""PostgreSQL from Debian or Ubuntu on a free loopback port, with a cluster of its own in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.process_guard import free_port

START_TIMEOUT_S = 60
ACCOUNT = "postgres"
"""The package's own user: PostgreSQL refuses to run as root."""


def programs() -> Path | None:
    """The folder of the newest installed server's programs; None if no server is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def postgres(user_name: str, password: str) -> Iterator[tuple[int, Path]]:
    """Yield the port, and the folder of the server's files; the database is `postgres`."""
    bin, folder, port = programs(), Path(tempfile.mkdtemp(prefix="postgres-")), free_port()
    assert bin is not None, "no PostgreSQL is installed"
    user = ACCOUNT if os.getuid() == 0 else None
    secret, data = folder / "password", folder / "data"
    secret.write_text(password)
    if user:
        account = pwd.getpwnam(user)
        for path in (folder, secret):
            os.chown(path, account.pw_uid, account.pw_gid)
    made = ["--username", user_name, "--auth", "scram-sha-256", "--no-sync"]
    subprocess.run(
        [bin / "initdb", "--pgdata", data, "--pwfile", secret, *made],
        user=user,
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [bin / "postgres", "-D", data, "-p", str(port), *options], user=user, cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait(bin, port, server)
        yield port, data
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder)


def _wait(bin: Path, port: int, server: "subprocess.Popen[bytes]") -> None:
    ready = [str(bin / "pg_isready"), "--quiet", "--host", "127.0.0.1", "--port", str(port)]
    deadline = time.monotonic() + START_TIMEOUT_S
    while subprocess.run(ready, check=False).returncode:
        assert server.poll() is None and time.monotonic() < deadline, "PostgreSQL did not start"
        time.sleep(0.1)
