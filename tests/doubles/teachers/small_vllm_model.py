"""Converts SmolLM2's GGUF file to a folder that vLLM can serve; run by vLLM's Python.

`python small_vllm_model.py MODEL.gguf FOLDER`. It imports no module of this project, since vLLM's environment has none.
"""

import sys
from pathlib import Path

CHAT_TEMPLATE = (
    "{%- for message in messages %}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
MARKERS = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>")
"""Added for the Qwen3 renderer; they take ids of tokens that the model never samples."""


def write(gguf: Path, folder: Path) -> None:
    """Write dequantized weights, configuration and tokenizer, with the Qwen3 markers as tokens."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    model = AutoModelForCausalLM.from_pretrained(
        **source, quantization_config=GgufConfig(dequantize=True), dtype="bfloat16"
    )
    tokenizer = AutoTokenizer.from_pretrained(**source)
    tokenizer.add_tokens(list(MARKERS))
    tokenizer.unk_token = None  # it is <|endoftext|> here, which a renderer takes for a missing token
    tokenizer.chat_template = CHAT_TEMPLATE
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
