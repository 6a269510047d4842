"""S3 servers on loopback: SeaweedFS (real: checks signatures and digests) and moto (fast, in this process)."""

import json
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

START_SECONDS = 60


@dataclass(frozen=True)
class S3Server:
    """A running server and its one account."""

    endpoint: str
    access_key: str
    secret_key: str

    def environment(self) -> dict[str, str]:
        """The environment variables that boto3 reads to connect to it."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "max_attempts": 2}),
        )

    def objects(self, bucket: str) -> dict[str, Any]:
        """Key -> (time of writing, ETag) of every object in the bucket."""
        listed = self.client().list_objects_v2(Bucket=bucket).get("Contents", [])
        return {entry["Key"]: (entry["LastModified"], entry["ETag"]) for entry in listed}

    def read(self, bucket: str, key: str) -> bytes:
        body: bytes = self.client().get_object(Bucket=bucket, Key=key)["Body"].read()
        return body


class SeaweedProcess:
    """A SeaweedFS process with its data under `folder`, which can be killed and started again at the same endpoint."""

    def __init__(self, folder: Path) -> None:
        names = ("master", "volume", "filer", "s3")
        kinds = [f"{name}.port{kind}" for name in names for kind in ("", ".grpc")]
        ports = dict(zip(kinds, free_ports(len(kinds)), strict=True))
        self.server = S3Server(f"http://127.0.0.1:{ports['s3.port']}", secrets.token_hex(8), secrets.token_hex(16))
        self._log = folder / "weed.log"
        self._command = [
            str(Path(sys.executable).parent / "weed"), "server", f"-dir={folder}", "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1", "-s3", f"-s3.config={_accounts(folder, self.server)}", "-volume.max=300",
            "-volume.preStopSeconds=1", "-master.volumeSizeLimitMB=256", "-master.telemetry=false",
            "-s3.port.iceberg=0", "-s3.port.lance=0", *(f"-{name}={port}" for name, port in ports.items()),
        ]  # fmt: skip

    def start(self) -> None:
        """Start the process and wait until it stores an object."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        _wait(self.server, self._process, self._log)

    def kill(self) -> None:
        """Send SIGKILL and wait until the process is gone."""
        self._process.kill()
        self._process.wait()


def _accounts(folder: Path, server: S3Server) -> Path:
    account = {"accessKey": server.access_key, "secretKey": server.secret_key}
    identity = {"name": "test", "credentials": [account], "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    return config


@contextmanager
def seaweed_process(folder: Path) -> Iterator[SeaweedProcess]:
    """A started SeaweedFS, killed on exit."""
    store = SeaweedProcess(folder)
    try:
        store.start()
        yield store
    finally:
        store.kill()


@contextmanager
def seaweed(folder: Path) -> Iterator[S3Server]:
    """The server of a SeaweedFS with its data under `folder`; killed on exit."""
    with seaweed_process(folder) as store:
        yield store.server


@contextmanager
def moto() -> Iterator[S3Server]:
    """A moto server in this process: correct conditional writes, no checks of signatures or digests."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        _, port = server.get_host_and_port()
        yield S3Server(f"http://127.0.0.1:{port}", "test", "test")
    finally:
        server.stop()


def free_ports(count: int) -> list[int]:
    """Free loopback ports, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _wait(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            client = server.client()
            with suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket="ready")
            client.put_object(Bucket="ready", Key="ready", Body=b"ready")
        except (BotoCoreError, ClientError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"SeaweedFS did not start: {log.read_text(errors='replace')[-2000:]}")
