"""Inspect opens the log and bundles its viewer with it: one line per sample, then one of the header."""

import json
import sys
from pathlib import Path

from inspect_ai.log import bundle_log_dir, read_eval_log, read_eval_log_sample_summaries

folder, *_, out = sys.argv[1:]
path = str(Path(folder) / "train.eval")
log = read_eval_log(path)
listed = {(one.id, one.epoch): one for one in read_eval_log_sample_summaries(path)}
bundle_log_dir(folder, f"{out}.site")
with Path(out).open("w") as lines:
    for sample in log.samples or ():
        read = sample.model_dump(mode="json", exclude_none=True)
        read["listed_scores"] = {name: s.value for name, s in (listed[sample.id, sample.epoch].scores or {}).items()}
        lines.write(json.dumps(read) + "\n")
    scores = {score.name: score.metrics["accuracy"].value for score in log.results.scores}
    site = (Path(f"{out}.site") / "index.html").is_file()
    header = {"status": log.status, "model": log.eval.model, "samples": log.results.total_samples, "site": site}
    header |= {"tokens": sum(usage.total_tokens for usage in log.stats.model_usage.values())}
    lines.write(json.dumps(header | {"accuracy": scores}) + "\n")
