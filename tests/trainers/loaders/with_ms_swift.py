"""ms-swift's load_dataset and the encoding of its template in training mode; a refused row is an error."""

import json
import sys
from pathlib import Path

from swift.dataset import load_dataset
from swift.model import get_processor
from swift.template import get_template

folder, tokenizer_folder, name, out = sys.argv[1:]
family = {"llama3": "llama"}.get(name, name)
processor = get_processor(tokenizer_folder, model_type=family, template_type=name)
template = get_template(processor, template_type=name, max_length=None)
template.set_mode("train")
rows, _ = load_dataset(f"{folder}/train.jsonl", strict=True)
decode = template.tokenizer.decode
with Path(out).open("w") as lines:
    for row in rows:
        encoded = template.encode(dict(row))
        trained = [label for label in encoded["labels"] if label != -100]
        lines.write(json.dumps({"text": decode(encoded["input_ids"]), "trained": decode(trained)}) + "\n")
