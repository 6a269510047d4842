"""The API teacher: sends conversations as messages, and receives text with the tokens that are billed.

A session stays with one address, where its prompt cache is; other addresses replace it while it fails. Requests wait
for the rate limits that replies announce, so that the attempts in flight share one allowance.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NoReturn

import orjson

from flows.rollout.chat_protocol import ChatRequest
from flows.rollout.engines.chat.api import PAUSED, Api, Json, Reply
from flows.rollout.engines.chat.choose import shaping_fields
from flows.rollout.engines.chat.cost import price
from flows.rollout.engines.chat.requests import ApiRequests
from flows.rollout.engines.servers.http_client import HttpClient, field
from flows.rollout.engines.servers.http_errors import MalformedReply, StatusRefused
from flows.rollout.protocol import Completion, Identity, Sampling, TeacherError, TeacherRefused
from flows.rollout.server_load import Load
from flows.rollout.usage import Usage
from flows.settings import Teacher

MAX_PAUSES = 8
"""Times that a paused turn is continued."""
NEW_LIMIT = "max_completion_tokens"
"""The name of the token limit for OpenAI's reasoning models, which refuse `max_tokens`."""


class ApiTeacher:
    """One or more addresses of an API that serve one model."""

    def __init__(self, requests: ApiRequests, api: Api, identity: Identity, settings: Teacher) -> None:
        self.identity = identity
        self.api = api
        self._requests, self._settings = requests, settings
        self._fields = shaping_fields(api, settings)
        self._limit = "max_tokens"

    def server(self, session: str) -> str:
        """The address that a session's next request goes to."""
        return self._requests.order(session)[0]

    def loads(self) -> list[Load]:
        """The tokens and refusals of every address; the load of an API is unknown."""
        return self._requests.loads()

    async def reply(self, request: ChatRequest, session: str) -> Completion:
        """Sample one message. Raises TeacherRefused where a retry cannot help, else TeacherError after the last try."""
        started = time.monotonic()
        reply = await self._ask(request, session)
        usage, message = reply.usage, reply.message
        for _ in range(MAX_PAUSES):
            if reply.reason != PAUSED:
                break
            continued = replace(request, messages=[*request.messages, _encoded(message)])
            reply = await self._ask(continued, session)
            usage = _sum(usage, reply.usage)
            message = message | {"content": [*message["content"], *reply.message["content"]]}
        if reply.reason == PAUSED:
            raise TeacherError(f"the API paused one turn {MAX_PAUSES} times")
        billed = replace(usage, cost=price(usage, self._settings))
        seconds = time.monotonic() - started
        return Completion(
            [], [], reply.reason, None, usage.cached_tokens, seconds, api_message=_encoded(message), usage=billed
        )

    async def _ask(self, request: ChatRequest, session: str) -> Reply:
        body = self.api.body(str(self.identity.model), request) | self._fields
        try:
            return await self._requests.post(session, self._with_limit(body), self.api.read)
        except StatusRefused as refused:
            if self._limit == NEW_LIMIT or NEW_LIMIT not in str(refused):
                raise
            self._limit = NEW_LIMIT
        return await self._requests.post(session, self._with_limit(body), self.api.read)

    def _with_limit(self, body: Json) -> Json:
        """The body with the token limit under the name that this model takes."""
        rest = {name: value for name, value in body.items() if name != "max_tokens"}
        return rest | {self._limit: body["max_tokens"]}

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """Raises TeacherRefused: an API takes messages."""
        _refuse_ids()

    async def encode(self, text: str) -> list[int]:
        """Raises TeacherRefused: an API has no token ids."""
        _refuse_ids()

    async def decode(self, token_ids: Sequence[int]) -> str:
        """Raises TeacherRefused: an API has no token ids."""
        _refuse_ids()


@asynccontextmanager
async def connect_api(api: Api, urls: Sequence[str], settings: Teacher) -> AsyncIterator[ApiTeacher]:
    """A teacher over the addresses, after a look at their lists of models, which costs nothing.

    Raises TeacherRefused when the key or the model is refused, TeacherError when an address does not answer.
    """
    key = settings.api_key.get_secret_value() if settings.api_key else None
    async with HttpClient(settings, api.headers(key)) as client:
        cards = [await _model_card(client, api, url, settings) for url in urls]
        windows = [window for card in cards if isinstance(window := _window(card), int)]
        model = settings.model or str(cards[0].get("id"))
        context = min([settings.context_window, *windows])
        identity = Identity("chat", api.renderer, model, settings.revision, context, token_ids=False)
        yield ApiTeacher(ApiRequests(client, api, urls), api, identity, settings)


async def _model_card(client: HttpClient, api: Api, url: str, settings: Teacher) -> dict[str, Any]:
    """The card of the model, empty where an API lists no models."""
    try:
        cards = await client.request(api.models(url), "", read=field("data", list))
    except StatusRefused as refused:
        if refused.status not in (404, 405) or settings.model is None:
            raise
        return {}
    except MalformedReply as error:
        raise TeacherRefused(
            f"{url} is no API of {api.renderer}: {error}. Check teacher.urls and teacher.api"
        ) from error
    named = [card for card in cards if isinstance(card, dict) and card.get("id")]
    if settings.model is None and len(named) != 1:
        some = ", ".join(str(card["id"]) for card in named[:10])
        raise TeacherRefused(f"teacher.model is not set, and {url} serves {len(named)} models: {some} ...")
    found = [card for card in named if settings.model in (None, card["id"])]
    return found[0] if found else {}


def _window(card: dict[str, Any]) -> object:
    names = ("max_model_len", "context_length", "context_window", "max_input_tokens")
    return next((card[name] for name in names if card.get(name)), None)


def _encoded(message: Json) -> str:
    return orjson.dumps([message]).decode()


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.prompt_tokens + other.prompt_tokens,
        one.sampled_tokens + other.sampled_tokens,
        one.cached_tokens + other.cached_tokens,
        one.written_tokens + other.written_tokens,
    )


def _refuse_ids() -> NoReturn:
    raise TeacherRefused("teacher.engine = chat has no token ids: set teacher.dialect to auto or chat")
