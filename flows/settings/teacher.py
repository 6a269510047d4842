"""Settings of the teacher: the inference engine, its servers, sampling and TLS."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr

from flows.settings.address import HttpUrl, LocalPath
from flows.settings.section import Section
from flows.settings.types import Positive, Price, Seconds, Share


class Teacher(Section):
    """The model that works the tasks, and the servers that run it."""

    engine: Literal["embedded", "vllm", "sglang", "chat"] = Field(
        default="embedded",
        description="embedded needs no GPU; vllm and sglang are HTTP servers; chat is an API without token ids",
    )
    urls: list[HttpUrl] = Field(default=[], description="servers that already run; empty: the flow starts vLLM itself")
    model: str | None = Field(default=None, description="model name or path (vllm), or a GGUF file (embedded)")
    revision: str | None = Field(default=None, description="revision of the model")
    tokenizer: str | None = Field(default=None, description="tokenizer name or path; default: the model's")
    renderer: str = Field(
        default="auto", description="renderer of the chat dialect, as `renderers` names it; auto: by the chat template"
    )
    check_template: bool = Field(
        default=True, description="refuse a server whose tokenizer or chat template differs from the renderer's"
    )
    thinking: bool | None = Field(default=None, description="reasoning on or off; default: the model family's own")
    reasoning_effort: str | None = Field(
        default=None, description="effort of reasoning, as the model family names it (low, high, ...)"
    )
    dialect: Literal["auto", "chat", "text"] = Field(
        default="auto", description="auto: text for embedded, chat for others"
    )
    api_key: SecretStr | None = Field(default=None, description="sent as a bearer token, to Anthropic as x-api-key")
    api: Literal["auto", "openai", "anthropic"] = Field(
        default="auto", description="form of the chat engine's API; auto: by its address"
    )
    request_fields: dict[str, Any] = Field(
        default={}, description="fields that the chat engine adds to each request, such as reasoning_effort or thinking"
    )
    price_input: Price | None = Field(default=None, description="price of a million prompt tokens of the chat engine")
    price_cached: Price | None = Field(
        default=None, description="price of a million prompt tokens from the prompt cache; default: price_input"
    )
    price_cache_write: Price | None = Field(
        default=None, description="price of a million prompt tokens written to the cache; default: price_input"
    )
    price_output: Price | None = Field(
        default=None, description="price of a million sampled tokens, reasoning included"
    )
    venv: LocalPath = Field(
        default=Path("~/.cache/horizon-factory/teacher"),
        validate_default=True,
        description="virtual environment of vLLM, made by `factory teacher install`",
    )
    tensor_parallel: Positive = Field(
        default=1, description="GPUs per copy of the model, for a server that the flow starts"
    )
    data_parallel: Positive = Field(default=1, description="copies of the model behind a server that the flow starts")
    ca_file: LocalPath | None = Field(default=None, description="certificates to trust for https urls, a PEM file")
    client_cert: LocalPath | None = Field(default=None, description="client certificate for https urls, a PEM file")
    client_key: LocalPath | None = Field(default=None, description="the key of client_cert, a PEM file")
    verify_tls: bool = Field(default=True, description="refuse servers whose certificate cannot be verified")
    restarts: int = Field(default=3, ge=0, description="restarts per hour of a started server that died")
    serve_args: list[str] = Field(
        default=[], description="additional arguments of the vLLM server that the flow starts"
    )
    context_window: Positive = Field(
        default=262_144, description="context window in tokens; the server's own limit applies when it is lower"
    )
    sampling_defaults: Literal["model", "neutral"] = Field(
        default="model",
        description="values of the seven sampling keys that are not set: the model's generation_config.json, where it "
        "can be read, or neutral (temperature 1, nothing cut off, no penalty)",
    )
    temperature: float | None = Field(
        default=None, ge=0, description="sampling temperature; the text dialect lowers it to 0.2"
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="nucleus sampling; the text dialect lowers it to 0.95"
    )
    top_k: int | None = Field(default=None, ge=-1, description="sample from the k likeliest tokens; 0: from all")
    min_p: Share | None = Field(
        default=None, description="drop tokens less probable than this share of the likeliest token's probability"
    )
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = Field(
        default=None, description="penalty for tokens that occurred"
    )
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = Field(
        default=None, description="penalty for tokens by their number of occurrences"
    )
    repetition_penalty: Annotated[float, Field(gt=0, le=2)] | None = Field(
        default=None, description="factor against tokens that occurred, prompt included; 1: none"
    )
    max_completion_tokens: Positive = Field(default=8_192, description="maximum tokens sampled in one turn")
    seed: int = Field(default=0, description="base seed; each attempt's seed derives from it")
    timeout_s: Seconds = Field(default=0.0, description="timeout of one generation in seconds, 0 for no limit")
    retries: int = Field(default=5, ge=0, description="retries of a generation after a transient failure")

    @property
    def writes_lines(self) -> bool:
        """True if the teacher works in the text dialect, a line for each call, as small models do."""
        return self.dialect == "text" or (self.dialect == "auto" and self.engine == "embedded")
