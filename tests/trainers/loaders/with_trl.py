"""SFTTrainer's own preparation and collator, with its training template and loss on assistant tokens only."""

import json
import sys
import tempfile
from pathlib import Path

import trl
from datasets import load_dataset
from transformers import AutoTokenizer, Qwen3Config, Qwen3ForCausalLM

folder, tokenizer_folder, template, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
tokenizer.chat_template = (Path(trl.__file__).parent / "chat_templates" / f"{template}.jinja").read_text("utf-8")
shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1, "head_dim": 16}
model = Qwen3ForCausalLM(Qwen3Config(vocab_size=len(tokenizer), num_key_value_heads=1, **shape))
with tempfile.TemporaryDirectory() as work, Path(out).open("w") as lines:
    rows = load_dataset("parquet", data_files=f"{folder}/train.parquet", split="train", cache_dir=work)
    settings = trl.SFTConfig(work, assistant_only_loss=True, max_length=None, report_to=[], use_cpu=True, bf16=False)
    trainer = trl.SFTTrainer(model, settings, train_dataset=rows, processing_class=tokenizer)
    for row in trainer.train_dataset:
        batch = trainer.data_collator([row])
        ids, labels = batch["input_ids"][0].tolist(), batch["labels"][0].tolist()
        trained = [label for label in labels if label != -100]
        lines.write(json.dumps({"text": tokenizer.decode(ids), "trained": tokenizer.decode(trained)}) + "\n")
