"""Times datatrove's MinHash on the agents' text: the baseline of near-duplicate search.

The function starts this file as a script under a Python that has datatrove installed.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MISSING = (
    "datatrove is not installed: pip install datatrove spacy tokenizers 'xxhash<4' here, or in an environment whose "
    "Python FACTORY_BENCHMARK_DATATROVE names"
)
TEXTS = """
select trajectory_id as id, string_agg(concat_ws(' ', reasoning, content, tool_calls), chr(10) order by index) as text
from turns semi join (select distinct trajectory_id from turns order by all limit $sample) using (trajectory_id)
where role = 'assistant' group by trajectory_id
"""


def minhash(python: str, lake: Path, sample: int) -> float | None:
    """Seconds for a sample of trajectories, from text in memory to clusters; None where datatrove is not installed."""
    from warehouse.connect import connect
    from warehouse.lake import Lake

    installed = [python, "-c", "import spacy, datatrove.pipeline.dedup.minhash"]
    if subprocess.run(installed, check=False, capture_output=True).returncode:
        return None
    with tempfile.TemporaryDirectory() as folder:
        with connect(Lake(lake)) as con:
            rows = con.execute(TEXTS, {"sample": sample}).fetchall()
        texts = Path(folder) / "texts.json"
        texts.write_text(json.dumps(rows))
        done = subprocess.run([python, __file__, str(texts), folder], check=True, stdout=subprocess.PIPE, text=True)
    return float(done.stdout.splitlines()[-1])


def main(texts: str, folder: str) -> None:
    """Cluster the texts of a JSON file with datatrove in its own folder, and print the seconds."""
    from datatrove.data import Document  # type: ignore[import-not-found]
    from datatrove.pipeline.dedup import minhash as steps  # type: ignore[import-not-found]

    documents = [Document(text=text, id=id) for id, text in json.loads(Path(texts).read_text())]
    signatures, buckets, removed = (f"{folder}/{name}" for name in ("signatures", "buckets", "removed"))
    started = time.perf_counter()
    list(steps.MinhashDedupSignature(signatures).run(documents, 0, 1) or [])
    for bucket in range(steps.MinhashConfig().num_buckets):
        steps.MinhashDedupBuckets(signatures, buckets).run(None, bucket, steps.MinhashConfig().num_buckets)
    steps.MinhashDedupCluster(buckets, removed).run(None, 0, 1)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(*sys.argv[1:])
