"""A server of tools that misbehaves on demand: it crashes, hangs, prints to the wire, repeats its secret.

It writes the messages of the protocol itself: a library would refuse to send some of them, and takes seconds to start.
Run it with the path of a folder for markers.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
NOTHING: dict[str, Any] = {"type": "object", "properties": {}}
FAR = {"type": "object", "$ref": "http://127.0.0.1:9/schema.json"}
WRONG = {"type": "object", "properties": {"n": {"type": "whole"}}}
PIXEL = "iVBORw0KGgo="
TOKEN = os.environ.get("TOKEN")
Result = dict[str, Any]


def text(words: str, *, failed: bool = False) -> Result:
    return {"content": [{"type": "text", "text": words}], "isError": failed}


class Misbehaving:
    """One account, and tools that fail if the folder holds a file of their name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.total = folder, 0
        self.tools: dict[str, tuple[dict[str, Any], Callable[[int], Result]]] = {
            "add": (NUMBER, self.add),
            "total": (NOTHING, lambda n: text(f"total {self.total} of {os.getpid()}")),
            "crash": (NOTHING, self.crash),
            "hang": (NOTHING, self.hang),
            "big": (NUMBER, lambda n: text("x" * n)),
            "media": (NOTHING, media),
            "refuse": (NOTHING, lambda n: text("no such row", failed=True)),
            "silent": (NOTHING, lambda n: {"content": []}),
            "tell": (NOTHING, tell),
            "break": (NOTHING, lambda n: {"content": f"no list, but {TOKEN}"}),
            "rows.list/all": (NOTHING, lambda n: text("dotted")),
            "rows_list_all": (NOTHING, lambda n: text("plain")),
            "note_write": (NOTHING, lambda n: text("a note of the server")),
            "bad_schema": (WRONG, self.crash),
            "far_schema": (FAR, self.crash),
        }
        if (folder / "changed").exists():
            self.tools["new"] = (NOTHING, media)

    def add(self, n: int) -> Result:
        self.total += n
        if self._wanted("crash_in_add"):
            os._exit(3)
        return text(f"total {self.total}")

    def crash(self, n: int) -> Result:
        if self._wanted("crash"):
            print("a last word with", TOKEN, file=sys.stderr, flush=True)
            os._exit(3)
        return text("survived")

    def hang(self, n: int) -> Result:
        if self._wanted("hang"):
            time.sleep(600)
        return text("awake")

    def _wanted(self, name: str) -> bool:
        """True if there was a file of that name; deletes it."""
        try:
            (self.folder / name).unlink()
        except FileNotFoundError:
            return False
        return True

    def answer(self, method: str, params: Result) -> Result | None:
        if method == "initialize":
            known = {"name": "misbehaving", "version": "1"}
            return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": known}
        if method == "tools/list":
            return {"tools": [self.listed(name) for name in self.tools]}
        if method == "tools/call":
            return self.tools[params["name"]][1](params.get("arguments", {}).get("n", 0))
        return None

    def listed(self, name: str) -> Result:
        hints = {"readOnlyHint": name != "add"}
        return {
            "name": name, "description": f"Does {name}.", "inputSchema": self.tools[name][0], "annotations": hints
        }  # fmt: skip


def tell(n: int) -> Result:
    print("this is no message\n{'nor': this}", flush=True)
    return text(f"the token is {TOKEN}")


def media(n: int) -> Result:
    blob = {"uri": "file:///b", "mimeType": "application/zip", "blob": PIXEL}
    page = {"uri": "file:///t", "mimeType": "text/csv", "text": "a,b"}
    return {
        "content": [
            {"type": "text", "text": "before"},
            {"type": "image", "mimeType": "image/png", "data": PIXEL},
            {"type": "audio", "mimeType": "audio/wav", "data": PIXEL},
            {"type": "resource_link", "uri": "file:///l", "name": "l", "size": 5},
            {"type": "resource", "resource": blob},
            {"type": "resource", "resource": page},
        ],
        "structuredContent": {"rows": 2},
    }


def serve(world: Misbehaving) -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        result = world.answer(message["method"], message.get("params") or {})
        body = {"error": {"code": -32601, "message": "unknown"}} if result is None else {"result": result}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **body}), flush=True)


if __name__ == "__main__":
    serve(Misbehaving(Path(sys.argv[1])))
