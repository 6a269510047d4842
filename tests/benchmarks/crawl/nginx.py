"""Serves a folder of real documentation with nginx on loopback, and reads when each page was requested."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.figure import MissingTool

MANUALS = "/usr/share/doc"
REMEDY = "apt-get install nginx-light python3-doc"
REQUIRED_BY = "FACTORY_REQUIRE_NGINX"
CONFIG = """
daemon off; pid {home}/pid; error_log {home}/errors; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  include /etc/nginx/mime.types; log_format times '$msec $uri'; access_log {home}/requests times;
  client_body_temp_path {home}/a; proxy_temp_path {home}/b; fastcgi_temp_path {home}/c; uwsgi_temp_path {home}/d;
  scgi_temp_path {home}/e; server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""
START_S = 10


@dataclass(frozen=True)
class Site:
    """A running server."""

    home: str
    """its address, without a final slash"""
    root: Path
    log: Path

    def requests(self) -> list[tuple[float, Path]]:
        """Return time, in seconds since 1970, and file of each page that was sent since the last call."""
        time.sleep(0.1)
        lines = [line.split(" ") for line in self.log.read_text().splitlines()]
        self.log.write_text("")
        files = ((float(moment), self.root / uri[1:]) for moment, uri in lines if uri.endswith(".html"))
        return [(moment, file) for moment, file in files if file.is_file()]

    def address(self, page: Path) -> str:
        """Return the url of a page."""
        return f"{self.home}/{page.relative_to(self.root)}"


@contextmanager
def python_manual() -> Iterator[Site]:
    """Serve Debian's manual of Python. Raises MissingTool without nginx or the manual."""
    folders = sorted(Path(MANUALS).glob("python3*-doc/html"))
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if nginx is None or not folders:
        raise MissingTool(f"nginx or the manual of Python is not installed: {REMEDY}", REQUIRED_BY)
    root = folders[0].resolve()
    with TemporaryDirectory() as home:
        port = _free_port()
        config = Path(home) / "nginx.conf"
        config.write_text(CONFIG.format(home=home, port=port, root=root))
        server = subprocess.Popen([nginx, "-c", str(config), "-e", f"{home}/errors"], stderr=subprocess.DEVNULL)
        try:
            _wait_for(port)
            yield Site(f"http://127.0.0.1:{port}", root, Path(home) / "requests")
        finally:
            server.terminate()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nginx does not listen on port {port}")
