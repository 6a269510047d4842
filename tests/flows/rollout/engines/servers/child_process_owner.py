"""A process that starts a server as the flow does, prints its URL and waits for SIGKILL, for test_child_process."""

import asyncio
import sys
from pathlib import Path

from flows.process_guard import free_port
from flows.rollout.engines.servers.child_process import ServerProcess, supervised


async def main(folder: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.doubles.teachers.fake_vllm", "--port", str(port)]
    async with supervised(ServerProcess(command, f"http://127.0.0.1:{port}", folder / "server.log")) as server:
        print(server.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
