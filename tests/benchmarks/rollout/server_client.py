"""Runs vLLM's own benchmark client under the teacher environment's Python; imports nothing of this repository.

`python server_client.py URL MODEL TOKENIZER CONCURRENCY BLOCK PRIMING.jsonl TRACE.jsonl RESULT.json` replays two
traces of vLLM's `timed_trace` kind in one process, so that a chunk of the same name is the same tokens in both: the
first fills the prefix cache, the second is measured and its result saved. `vllm bench serve` needs distribution
metadata named vllm, which a CPU build lacks, so its function is called instead.
"""

import argparse
import sys
from pathlib import Path

LABELS = ("timestamp", "input_length", "output_length", "hash_ids")


def main(url: str, model: str, tokenizer: str, concurrency: str, block: str, *files: str) -> None:
    """Replay the priming trace, then the measured one."""
    from vllm.benchmarks import serve  # type: ignore[import-not-found]

    priming, trace, result = map(Path, files)
    named = {"--backend": "openai", "--base-url": url, "--endpoint": "/v1/completions", "--model": model}
    named |= {"--tokenizer": tokenizer, "--dataset-name": "timed_trace", "--timed-trace-chunk-hash-size": block}
    named |= {f"--timed-trace-label-{label.replace('_', '-')}": label for label in LABELS}
    named |= {"--max-concurrency": concurrency, "--num-prompts": "1000000", "--temperature": "1.0"}
    named |= {"--result-dir": str(result.parent), "--result-filename": result.name}
    parser = argparse.ArgumentParser()
    serve.add_cli_args(parser)
    for file in (priming, trace):
        options = [part for pair in named.items() for part in pair]
        flags = ["--ignore-eos", "--disable-tqdm", "--save-result", "--save-detailed", "--dataset-path", str(file)]
        serve.main(parser.parse_args([*options, *flags]))


if __name__ == "__main__":
    main(*sys.argv[1:])
