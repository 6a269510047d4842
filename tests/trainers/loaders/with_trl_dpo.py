"""DPOTrainer's own preparation and collator over a file of pairs: the prompt and both continuations."""

import json
import sys
import tempfile
from pathlib import Path

import trl
from datasets import load_dataset
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

file, tokenizer_folder, template, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
tokenizer.chat_template = (Path(trl.__file__).parent / "chat_templates" / f"{template}.jinja").read_text("utf-8")
shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1, "head_dim": 16}
config = Qwen3Config(vocab_size=len(tokenizer), num_key_value_heads=1, **shape)
model, reference = Qwen3ForCausalLM(config), Qwen3ForCausalLM(config)
with tempfile.TemporaryDirectory() as work, Path(out).open("w") as lines:
    rows = load_dataset("parquet", data_files=file, split="train", cache_dir=work)
    settings = trl.DPOConfig(work, max_length=None, report_to=[], use_cpu=True, bf16=False)
    trainer = trl.DPOTrainer(model, reference, args=settings, train_dataset=rows, processing_class=tokenizer)
    for row in trainer.train_dataset:
        batch = trainer.data_collator([row])
        for ids, real, mask in zip(batch["input_ids"], batch["attention_mask"], batch["completion_mask"], strict=True):
            compared = mask.bool()
            side = {"prompt": ids[real.bool() & ~compared].tolist(), "completion": ids[compared].tolist()}
            lines.write(json.dumps(side) + "\n")
