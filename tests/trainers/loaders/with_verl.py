"""verl's loading of a dataset class from a file (or its own class, as `stock`), and its collator without padding."""

import json
import sys
from pathlib import Path

from omegaconf import OmegaConf
from transformers import AutoTokenizer
from verl.utils.dataset.dataset_utils import DatasetPadMode, SFTTensorCollator
from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset
from verl.utils.import_utils import load_extern_object

folder, tokenizer_folder, name, out = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(tokenizer_folder)
settings = OmegaConf.create({"pad_mode": "no_padding", "max_length": 1_000_000, "ignore_input_ids_mismatch": True})
made = MultiTurnSFTDataset if name == "stock" else load_extern_object(f"{folder}/verl_dataset.py", name)
dataset = made(parquet_files=f"{folder}/train.parquet", tokenizer=tokenizer, config=settings)
batch = SFTTensorCollator(DatasetPadMode.NO_PADDING)([dataset[place] for place in range(len(dataset))])
with Path(out).open("w") as lines:
    for ids, mask in zip(batch["input_ids"].unbind(), batch["loss_mask"].unbind(), strict=True):
        row = {"text": tokenizer.decode(ids), "trained": tokenizer.decode(ids[mask.bool()])}
        lines.write(json.dumps(row) + "\n")
