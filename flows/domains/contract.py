"""What a domain is: the kind of problem, and with it the tools, verifiers, composers and prompts that fit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """One domain; every name is looked up where it is used, so that this room imports none of them."""

    name: str
    tools: tuple[str, ...]
    """Tools the agent may call."""
    verifiers: tuple[str, ...]
    """Verifiers of a whole attempt; single calls are always judged."""
    composers: tuple[str, ...]
    """Composers that make tasks of this domain."""
    chat_prompt: str
    """System prompt, in schemas/prompts, for models that call tools in JSON."""
    text_prompt: str
    """System prompt for small models that write `search:` and `answer:` lines."""
