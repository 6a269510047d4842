"""A tokenizer of 256 bytes and Qwen3's special tokens, created in memory, so that tests need no download.

Each UTF-8 byte is one token whose id is the byte; special tokens follow. `encode` and `decode` are plain Python for the
fake server. `save` writes the same vocabulary as a Hugging Face tokenizer folder with a chat template, which
`transformers`, `renderers` (as qwen3) and vLLM can load.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MARKERS = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>")
IDS = {token: 256 + place for place, token in enumerate(SPECIALS + MARKERS)}
IM_START, IM_END, END_OF_TEXT = IDS["<|im_start|>"], IDS["<|im_end|>"], IDS["<|endoftext|>"]
VOCABULARY = 256 + len(IDS)
NAMES = {value: token for token, value in IDS.items()}
SPLIT = re.compile("(" + "|".join(re.escape(token) for token in IDS) + ")")
CHAT_TEMPLATE = (
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
QWEN3_TEMPLATE = Path(__file__).with_name("qwen3.jinja").read_text("utf-8")
"""The chat template of Qwen3."""


def encode(text: str) -> list[int]:
    """Ids of the text. Names of special tokens become those tokens, as in vLLM and Qwen3."""
    ids: list[int] = []
    for piece in SPLIT.split(text):
        ids += [IDS[piece]] if piece in IDS else list(piece.encode("utf-8", "replace"))
    return ids


def decode(ids: Iterable[int]) -> str:
    """Text of the ids, special tokens kept; bytes that are not UTF-8 become the replacement character."""
    raw = b"".join(NAMES[token].encode() if token in NAMES else bytes([token]) for token in ids)
    return raw.decode("utf-8", "replace")


def tiny_tokenizer() -> Any:
    """The same vocabulary as a Hugging Face tokenizer."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {character: byte for byte, character in _byte_characters().items()}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    inner.decoder = decoders.ByteLevel()
    inner.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIALS])
    inner.add_tokens([AddedToken(token, special=False, normalized=False) for token in MARKERS])
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        name_or_path="tiny-qwen3",
    )


@cache
def _shared() -> Any:
    return tiny_tokenizer()


def rendered(template: str, request: dict[str, Any]) -> list[int]:
    """Ids of the messages of a /tokenize request in a chat template."""
    return list(
        _shared().apply_chat_template(
            request["messages"], tools=request.get("tools"), chat_template=template, tokenize=True, return_dict=False,
            add_generation_prompt=True, **request.get("chat_template_kwargs", {}),
        )
    )  # fmt: skip


def save(folder: Path, template: str = CHAT_TEMPLATE) -> Path:
    """Write the tokenizer for `transformers.AutoTokenizer.from_pretrained(folder)`; returns the folder."""
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return folder


def _byte_characters() -> dict[int, str]:
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + place) for place, byte in enumerate(others)}
