"""verl's RLHFDataset over a file of tasks and its collator: the input of the rollout and the reward function."""

import json
import sys
import tempfile
from pathlib import Path

from omegaconf import OmegaConf
from transformers import AutoTokenizer
from verl.utils.dataset.rl_dataset import RLHFDataset, collate_fn

file, tokenizer_folder, _, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
with tempfile.TemporaryDirectory() as work, Path(out).open("w") as lines:
    settings = OmegaConf.create({"cache_dir": work, "max_prompt_length": 100_000, "filter_overlong_prompts_workers": 1})
    dataset = RLHFDataset(file, tokenizer, settings)
    batch = collate_fn([dataset[place] for place in range(len(dataset))])
    names = ("raw_prompt", "data_source", "ability", "reward_model", "extra_info", "index")
    for row in zip(*(batch[name] for name in names), strict=True):
        told = dict(zip(names, row, strict=True))
        ids = tokenizer.apply_chat_template(
            told["raw_prompt"], tools=json.loads(told["extra_info"]["tools"]), add_generation_prompt=True
        )["input_ids"]
        lines.write(json.dumps(told | {"ids": ids}) + "\n")
