"""A server that answers at once, so that a benchmark measures its client: vLLM's /v1/completions with canned replies.

Its /tokenize uses the real tokenizer, since a client compares that with its own before it begins.

It does not parse prompts: it echoes the bytes of the ids and counts the generation cue in them to find the turn. An
answer therefore costs the server a small part of its cost to the client, at any length. The words are tokens of
Qwen3's tokenizer: some reasoning and a search, and an answer in the last turn. Run it as a process
(`python -m tests.doubles.teachers.quick_vllm --tokenizer FOLDER`); it prints its URL.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any, TypeVar

import orjson

MODEL = "quick-qwen3"
VARIANTS = 64
WORDS = "the keeper of the northern light wrote down each ship that passed the reef and what it carried"


S = TypeVar("S", bound="Script")


class Script:
    """Canned replies of `sampled` tokens each: `turns` - 1 searches, then an answer."""

    def __init__(self, tokenizer: Any, turns: int, sampled: int) -> None:
        self._tokenizer, self.turns = tokenizer, turns
        self.cue = b",".join(b"%d" % token for token in tokenizer.encode("<|im_start|>assistant\n"))
        self._end = tokenizer.encode("<|im_end|>")
        self._searches = [self._choice(tokenizer, _search(number), sampled) for number in range(VARIANTS)]
        self._answer = self._choice(tokenizer, "The answer is Varnay.", sampled)
        self._answered: list[float] = []
        """Times of the completions, on the machine's monotonic clock."""
        self._cpu = time.process_time()

    def get(self, path: bytes) -> bytes:
        """The whole reply to a GET; `/spent` gives the times of all completions and the CPU seconds since the start."""
        if path == b"/spent":
            return orjson.dumps({"answered": self._answered, "cpu": time.process_time() - self._cpu})
        return _get(path)

    def reply(self, path: bytes, body: bytes) -> bytes:
        """The whole reply to a posted body."""
        return self._tokenized(orjson.loads(body)) if path == b"/tokenize" else self._completed(body)

    def _tokenized(self, body: dict[str, Any]) -> bytes:
        """The ids of a prompt, or of messages in the chat template."""
        if "prompt" in body:
            tokens = self._tokenizer.encode(body["prompt"], add_special_tokens=body["add_special_tokens"])
        else:
            options = {"add_generation_prompt": body["add_generation_prompt"], **body["chat_template_kwargs"]}
            text = self._tokenizer.apply_chat_template(body["messages"], body["tools"], tokenize=False, **options)
            tokens = self._tokenizer.encode(text, add_special_tokens=False)
        return orjson.dumps({"tokens": tokens, "count": len(tokens)})

    def _completed(self, body: bytes) -> bytes:
        start = body.index(b'"prompt":[') + 9
        prompt = body[start : body.index(b"]", start) + 1]
        turn = prompt.count(self.cue)
        self._answered.append(time.monotonic())
        head, tail = self._answer if turn >= self.turns_of(prompt) else self._searches[turn % VARIANTS]
        return head + prompt + tail

    def turns_of(self, prompt: bytes) -> int:
        """The turns of the attempt with this prompt."""
        return self.turns

    def _choice(self, tokenizer: Any, text: str, sampled: int) -> tuple[bytes, bytes]:
        """The reply's bytes before and after the echoed prompt."""
        closing = tokenizer.encode(f"\n</think>\n\n{text}") + self._end
        thought = tokenizer.encode("<think>\n") + tokenizer.encode(" ".join(islice(cycle(WORDS.split()), sampled)))
        ids = thought[: sampled - len(closing)] + closing
        head = orjson.dumps(_reply(tokenizer, ids)).replace(b'"PROMPT"', b"\0")
        before, after = head.split(b"\0")
        return before, after


def _search(number: int) -> str:
    call = json.dumps({"name": "search", "arguments": {"query": f"lighthouse island keeper {1831 + number}"}})
    return f"<tool_call>\n{call}\n</tool_call>"


def _reply(tokenizer: Any, ids: list[int]) -> dict[str, Any]:
    words = [tokenizer.decode([token]) for token in ids]
    logprobs = [-round(0.0123 + (token % 97) / 31, 6) for token in ids]
    choice = {
        "index": 0,
        "text": "".join(words),
        "finish_reason": "stop",
        "stop_reason": ids[-1],
        "token_ids": ids,
        "prompt_token_ids": "PROMPT",
        "logprobs": {
            "tokens": words,
            "token_logprobs": logprobs,
            "top_logprobs": [{word: value} for word, value in zip(words, logprobs, strict=True)],
            "text_offset": list(range(len(ids))),
        },
    }
    usage = {"prompt_tokens": 0, "completion_tokens": len(ids), "prompt_tokens_details": {"cached_tokens": 0}}
    return {"id": "cmpl-0", "object": "text_completion", "model": MODEL, "choices": [choice], "usage": usage}


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection with keep-alive."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._read = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self._read += data
        for line, body in self._requests():
            method, path, _ = line.split(b" ", 2)
            self.answer(method, path, body)

    def answer(self, method: bytes, path: bytes, body: bytes) -> None:
        """Answer one request."""
        self.send(self._script.reply(path, body) if method == b"POST" else self._script.get(path))

    def send(self, reply: bytes) -> None:
        """Send a reply of JSON."""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(reply)
        if self._transport:
            self._transport.write(head + reply)

    def _requests(self) -> Iterator[tuple[bytes, bytes]]:
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._read[:end])
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._read) < end + 4 + length:
                return
            body = bytes(self._read[end + 4 : end + 4 + length])
            del self._read[: end + 4 + length]
            yield head.split(b"\r\n", 1)[0], body


def _get(path: bytes) -> bytes:
    match path:
        case b"/v1/models":
            return orjson.dumps({"data": [{"id": MODEL, "root": MODEL, "max_model_len": 262_144}]})
        case b"/version":
            return orjson.dumps({"version": "0.32.0"})
    return b""


async def serve(connection: Callable[[], Connection]) -> None:
    """Serve on a free loopback port until killed."""
    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0, backlog=4_096)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main(description: str | None, script: Callable[[Any, int, int], S], connection: Callable[[S], Connection]) -> None:
    """Serve the replies of a script that is made of the command's tokenizer, turns and tokens per turn."""
    from transformers import AutoTokenizer

    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--tokenizer", required=True, help="folder of Qwen3's tokenizer")
    parser.add_argument("--turns", type=int, default=10, help="most assistant turns of an episode")
    parser.add_argument("--sampled", type=int, default=250, help="tokens per turn")
    options = parser.parse_args()
    made = script(AutoTokenizer.from_pretrained(options.tokenizer), options.turns, options.sampled)
    asyncio.run(serve(lambda: connection(made)))


if __name__ == "__main__":
    main(__doc__, Script, Connection)
