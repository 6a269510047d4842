"""The price of a request, from the tokens that the API bills and the prices in the settings."""

from flows.rollout.usage import Usage
from flows.settings import Teacher

MILLION = 1_000_000


def price(usage: Usage, settings: Teacher) -> float | None:
    """The cost in the currency of the prices; None unless the prices of input and output are set.

    Without a price of their own, cached prompt tokens and those written to the cache cost as much as any input.
    """
    if settings.price_input is None or settings.price_output is None:
        return None
    cached = settings.price_input if settings.price_cached is None else settings.price_cached
    written = settings.price_input if settings.price_cache_write is None else settings.price_cache_write
    plain = usage.prompt_tokens - usage.cached_tokens - usage.written_tokens
    total = plain * settings.price_input + usage.cached_tokens * cached + usage.written_tokens * written
    return (total + usage.sampled_tokens * settings.price_output) / MILLION
