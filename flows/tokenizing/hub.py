"""Keeps a machine without a network from waiting for the Hugging Face Hub.

The Hub's client tries each of a dozen files of a tokenizer six times: five minutes, also when all files are cached. One
short request decides instead, and without an answer only the cache is read.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

TIMEOUT_S = 10.0


@contextmanager
def hub_or_cache(name: str) -> Iterator[bool]:
    """Load `name` from the Hub inside the block if the Hub answers, else only from its cache; True if it answers.

    A folder needs no Hub, and counts as an answer.
    """
    from huggingface_hub import constants

    if Path(name).is_dir() or constants.HF_HUB_OFFLINE or _answers(constants.ENDPOINT):
        yield not constants.HF_HUB_OFFLINE
        return
    constants.HF_HUB_OFFLINE = True
    try:
        yield False
    finally:
        constants.HF_HUB_OFFLINE = False


def _answers(url: str) -> bool:
    try:
        httpx.head(url, timeout=TIMEOUT_S)
    except httpx.HTTPError:
        return False
    return True
