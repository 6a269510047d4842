"""The sampling of an attempt: what the settings name, else the model's own defaults, else neutral values.

A server fills the parameters that a request leaves out from the model's generation_config.json, so a request names all
of them, and the row records each value with its source.
"""

from collections.abc import Mapping

from flows.rollout.protocol import Identity, Sampling
from flows.settings import Teacher

NEUTRAL: Mapping[str, float] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": 0,
    "min_p": 0.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "repetition_penalty": 1.0,
}
"""Parameter -> the value that leaves the model's distribution as it is."""


def parameters(sampling: Sampling) -> dict[str, float]:
    """The parameters of NEUTRAL in a sampling, for a request that names all of them."""
    return {name: getattr(sampling, name) for name in NEUTRAL}


def attempt_sampling(settings: Teacher, identity: Identity, seed: int, repeat_limit: int = 0) -> Sampling:
    """The sampling of one attempt, with the source of each parameter of NEUTRAL: settings, model or neutral."""
    model = (identity.defaults or {}) if settings.sampling_defaults == "model" else {}
    values, sources = dict(NEUTRAL), dict.fromkeys(NEUTRAL, "neutral")
    for name in NEUTRAL:
        setting = getattr(settings, name)
        if setting is not None:
            values[name], sources[name] = setting, "settings"
        elif name in model:
            values[name], sources[name] = model[name], "model"
    return Sampling(
        temperature=values["temperature"],
        top_p=values["top_p"],
        max_tokens=settings.max_completion_tokens,
        seed=seed,
        repeat_limit=repeat_limit,
        top_k=max(0, int(values["top_k"])),
        min_p=values["min_p"],
        presence_penalty=values["presence_penalty"],
        frequency_penalty=values["frequency_penalty"],
        repetition_penalty=values["repetition_penalty"],
        sources=sources,
    )
