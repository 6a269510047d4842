"""One real step of GRPOTrainer over a file of tasks: the arguments of its reward function, and the prompt's ids."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import trl
from datasets import load_dataset
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

file, tokenizer_folder, template, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
tokenizer.chat_template = (Path(trl.__file__).parent / "chat_templates" / f"{template}.jinja").read_text("utf-8")
shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1, "head_dim": 16}
model = Qwen3ForCausalLM(Qwen3Config(vocab_size=len(tokenizer), num_key_value_heads=1, **shape))
SEEN = ("task_id", "answer", "verifiers", "setup", "tools")
seen: list[dict[str, Any]] = []


def reward(prompts: list[Any], completions: list[Any], **columns: Any) -> list[float]:
    """A reward that differs per completion, so that there is a gradient; records its arguments."""
    for place, prompt in enumerate(prompts):
        seen.append({"prompt": prompt} | {name: columns[name][place] for name in SEEN})
    return [float(place) for place in range(len(completions))]


with tempfile.TemporaryDirectory() as work:
    rows = load_dataset("parquet", data_files=file, split="train", cache_dir=work)
    each = {"num_generations": 2, "per_device_train_batch_size": 2 * len(rows), "gradient_accumulation_steps": 1}
    quick = {"max_steps": 1, "max_completion_length": 2, "report_to": [], "use_cpu": True, "bf16": False}
    settings = trl.GRPOConfig(work, **each, **quick, save_strategy="no")
    trainer = trl.GRPOTrainer(model, reward, args=settings, train_dataset=rows, processing_class=tokenizer)
    trainer.train()
with Path(out).open("w") as lines:
    for row in seen:
        ids, *_ = trainer._tokenize_prompts([row["prompt"]])
        lines.write(json.dumps(row | {"ids": ids[0]}) + "\n")
