"""A fake Hugging Face Hub on loopback: one dataset repository with branches, tags and large files by their hash.

It implements the requests of huggingface_hub to commit, list and read, like the Hub without Xet: it refuses a
commit with another parent than the newest, and a commit with a large file that was never uploaded.
"""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.doubles.stores.app_thread import running_app

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
REPO = "team/sets"
API, GIT = f"/api/datasets/{REPO}", f"/datasets/{REPO}"


@dataclass
class FakeHub:
    """The repository: each commit holds all its files by path."""

    token: str
    endpoint: str = ""
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    """SHA-256 -> uploaded file, in a commit or not."""
    sent: list[str] = field(default_factory=list)

    def commit(self, files: dict[str, bytes]) -> str:
        oid = hashlib.sha1(f"{len(self.commits)}".encode(), usedforsecurity=False).hexdigest()
        self.commits[oid] = files
        self.refs["main"] = oid
        return oid

    def files(self, revision: str) -> dict[str, bytes]:
        return self.commits[self.refs.get(revision, revision)]

    async def info(self, request: web.Request) -> web.Response:
        return web.json_response({"id": REPO, "sha": self.refs[request.match_info.get("revision", "main")]})

    async def preupload(self, request: web.Request) -> web.Response:
        paths = [file["path"] for file in (await request.json())["files"]]
        modes = {path: "lfs" if path.endswith(".parquet") else "regular" for path in paths}
        files = [{"path": path, "uploadMode": mode, "shouldIgnore": False} for path, mode in modes.items()]
        return web.json_response({"files": files})

    async def batch(self, request: web.Request) -> web.Response:
        objects = (await request.json())["objects"]
        for one in objects:
            if one["oid"] not in self.large:
                one["actions"] = {"upload": {"href": f"{self.endpoint}/large/{one['oid']}"}}
        return web.json_response({"objects": objects})

    async def upload(self, request: web.Request) -> web.Response:
        body, oid = await request.read(), request.match_info["oid"]
        if hashlib.sha256(body).hexdigest() != oid:
            return web.Response(status=400)
        self.large[oid] = body
        self.sent.append(oid)
        return web.Response()

    async def accept(self, request: web.Request) -> web.Response:
        lines = [json.loads(line) for line in (await request.text()).splitlines()]
        if lines[0]["value"].get("parentCommit") not in {None, self.refs["main"]}:
            return web.json_response({"error": "A commit has happened since."}, status=412)
        files = dict(self.files("main"))
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "deletedFile":
                del files[value["path"]]
            else:
                large = line["key"] == "lfsFile"
                files[value["path"]] = self.large[value["oid"]] if large else base64.b64decode(value["content"])
        oid = self.commit(files)
        return web.json_response({"commitUrl": f"{self.endpoint}{GIT}/commit/{oid}", "commitOid": oid})

    async def tag(self, request: web.Request) -> web.Response:
        name = (await request.json())["tag"]
        if name in self.refs:
            return web.json_response({"error": "exists"}, status=409)
        self.refs[name] = request.match_info["revision"]
        return web.json_response({})

    async def tree(self, request: web.Request) -> web.Response:
        return web.json_response([
            {"type": "file", "path": path, "size": len(body), "oid": "0" * 40}
            | ({"lfs": _large(body)} if path.endswith(".parquet") else {})
            for path, body in self.files(request.match_info["revision"]).items()
        ])  # fmt: skip

    async def read(self, request: web.Request) -> web.Response:
        body = self.files(request.match_info["revision"]).get(request.match_info["path"])
        if body is None:
            return web.Response(status=404, headers={"X-Error-Code": "EntryNotFound"})
        return web.Response(body=body[request.http_range.start or 0 :])

    async def unknown(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"error": "Repository not found"}, status=404, headers={"X-Error-Code": "RepoNotFound"}
        )

    async def fine(self, request: web.Request) -> web.Response:
        return web.json_response({})

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith("/large/") or request.headers.get("Authorization") == f"Bearer {self.token}":
            return await handler(request)
        return web.json_response({"error": f"Invalid credentials {request.headers.get('Authorization')}"}, status=403)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self.guard], client_max_size=1 << 30)
        app.router.add_get(API, self.info)
        app.router.add_get(f"{API}/revision/{{revision}}", self.info)
        app.router.add_get(f"{API}/tree/{{revision}}", self.tree)
        app.router.add_get(f"{GIT}/resolve/{{revision}}/{{path:.+}}", self.read)
        app.router.add_post(f"{API}/preupload/{{revision}}", self.preupload)
        app.router.add_post(f"{API}/commit/{{revision}}", self.accept)
        app.router.add_post(f"{API}/tag/{{revision}}", self.tag)
        app.router.add_post(f"{GIT}.git/info/lfs/objects/batch", self.batch)
        app.router.add_post("/api/validate-yaml", self.fine)
        app.router.add_put("/large/{oid}", self.upload)
        app.router.add_get("/api/datasets/{other:.+}", self.unknown)
        return app


@contextmanager
def fake_hub(token: str) -> Iterator[FakeHub]:
    """A fake Hub with one empty repository, on a free port, in a thread of its own."""
    hub = FakeHub(token)
    hub.commit({".gitattributes": b"*.parquet filter=lfs\n"})

    @asynccontextmanager
    async def opened() -> AsyncIterator[web.Application]:
        yield hub.app()

    with running_app(opened) as hub.endpoint:
        yield hub


def _large(body: bytes) -> dict[str, object]:
    return {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 130}
