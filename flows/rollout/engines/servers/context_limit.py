"""Keeps requests within a server's context window, and recognises the refusal of one that is too long.

Engines and their versions word that refusal differently; most name the window. An attempt that meets it ends with what
it has, instead of as a failure.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from flows.rollout.protocol import Completion, ContextExceeded, Sampling, Teacher

LOG = logging.getLogger(__name__)

WINDOW = r"context (?:length|size|window)|max(?:imum)?[ _]model[ _]len(?:gth)?"
TOO_LONG = re.compile(
    rf"{WINDOW}|context limit|context_length_exceeded|max_tokens must be at least 1|prompt is too long", re.IGNORECASE
)
WINDOW_SIZE = re.compile(rf"(?:{WINDOW})\D{{0,24}}(\d+)", re.IGNORECASE)
"""`maximum context length is 4096`, `context length (4096)`, `maximum model length of 4096`, `max_model_len=4096`."""


async def sample_within(
    teacher: Teacher, prompt: Sequence[int], sampling: Sampling, sample: Callable[[Sampling], Awaitable[Completion]]
) -> Completion:
    """Call `sample` with at most the tokens that the teacher's window leaves after the prompt.

    A refusal that names a smaller window lowers `teacher.identity.context`, and the request is repeated within it.
    Raises ContextExceeded when the prompt fills the window.
    """
    while True:
        fitted = _fitting(sampling, len(prompt), teacher.identity.context)
        try:
            completion = await sample(fitted)
        except ContextExceeded as error:
            if error.limit is None or error.limit >= len(prompt) + fitted.max_tokens:
                raise
            LOG.warning("the teacher's context window is %d tokens: %s", error.limit, error)
            teacher.identity = replace(teacher.identity, context=min(teacher.identity.context, error.limit))
            continue
        if completion.finish_reason == "length" and not completion.token_ids:
            raise ContextExceeded("the server has no room for a token after the prompt")
        return completion


def context_refusal(message: str) -> ContextExceeded | None:
    """The error if a server's message says that a request exceeds its context window; None for another message."""
    if not TOO_LONG.search(message):
        return None
    window = WINDOW_SIZE.search(message)
    return ContextExceeded(message, int(window[1]) if window else None)


def _fitting(sampling: Sampling, prompt_tokens: int, context: int) -> Sampling:
    """The sampling with `max_tokens` at most what the window leaves after the prompt; ContextExceeded if that is 0."""
    left = context - prompt_tokens
    if left < 1:
        raise ContextExceeded(f"a prompt of {prompt_tokens} tokens fills the context window of {context}", context)
    return sampling if sampling.max_tokens <= left else replace(sampling, max_tokens=left)
