"""The view `inspect`: a release as logs of Inspect (`.eval`), one per split, for its viewer and its data frames.

A row is a sample with a score per verifier. Attempts at one task are epochs of one sample. An `.eval` file is a zip
with one JSON file per sample, so rows stream into it and memory stays constant. Source: inspect_ai's EvalLog,
EvalSample, EvalSampleSummary and Score (0.3.285), log version 2.
"""

import json
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import orjson

from flows.publish.views.messages import tool_calls
from flows.publish.views.view import MESSAGE_COLUMNS, Batches, Message, ReleaseView, Row, whole
from schemas import Manifest, content_id

LOG_VERSION = 2
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every file in the zip: the same release gives the same bytes."""
FACTS = (
    "trajectory_id", "domain", "composer", "hops", "status", "n_turns", "n_tool_calls", "n_tokens", "n_sampled_tokens",
    "n_observation_tokens", "segment", "n_segments", "parent_id", "teacher_model", "engine", "run_id",
)  # fmt: skip
"""Columns that are metadata of a sample, in the list of samples too."""
LONG_FACTS = ("evidence_urls", "gates", "tools")
"""Columns that are metadata of the sample alone."""
SUMMARY_FIELDS = (
    "id", "epoch", "uuid", "target", "scores", "model_usage", "message_count", "turn_count", "completed"
)  # fmt: skip
SHORT_CHARS = 1_000
"""Characters of a text in the list of samples at most, as in Inspect's own summaries."""


def sample_of(row: Row) -> Row:
    """A released row as an EvalSample, with the numbers of its messages and turns for the summary."""
    messages = list(_messages(row))
    id, epoch = _place(row)
    model, output = row["teacher_model"], {"role": "assistant", "content": row["final_answer"] or ""}
    metadata = {name: row[name] for name in FACTS if row.get(name) is not None}
    return {
        "id": id,
        "epoch": epoch,
        "uuid": content_id("inspect", row["trajectory_id"], row.get("segment") or 0),
        "input": row["instruction"],
        "target": row["answer"] or "",
        "messages": messages,
        "output": {"model": model, "choices": [{"message": output, "stop_reason": "stop"}]},
        "scores": dict(_scores(row)),
        "metadata": metadata | {name: _read(row[name]) for name in LONG_FACTS if row.get(name)},
        "model_usage": {model: _usage(row)},
        "message_count": len(messages),
        "turn_count": sum(one["role"] == "assistant" for one in messages),
        "completed": True,
    }


def write_log(batches: Batches, path: Path, manifest: Manifest, split: str) -> int:
    """Write samples as one `.eval` file; returns how many. Raises OSError."""
    counts, scored, passed, usage = 0, Counter[str](), Counter[str](), dict[str, Counter[str]]()
    log = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED)
    with log, tempfile.TemporaryFile(dir=path.parent) as summaries:
        _add(log, "_journal/start.json", {"version": LOG_VERSION, "eval": _spec(manifest, split), "plan": {}})
        for sample in (one for rows in batches() for one in rows):
            summaries.write((b"," if counts else b"[") + orjson.dumps(_summary(sample)))
            counts += 1
            scored.update(sample["scores"].keys())
            passed.update({name: _number(score["value"]) for name, score in sample["scores"].items()})
            for model, tokens in sample["model_usage"].items():
                usage.setdefault(model, Counter()).update(tokens)
            fields = {name: value for name, value in sample.items() if name not in ("message_count", "completed")}
            _add(log, f"samples/{sample['id']}_epoch_{sample['epoch']}.json", fields)
        summaries.write(b"]" if counts else b"[]")
        _add_file(log, "summaries.json", summaries)
        _add(log, "header.json", _header(manifest, split, _results(counts, scored, passed), usage))
    return counts


def _place(row: Row) -> tuple[str, int]:
    """The id and epoch of a sample, unique in a release: a child shares task and number with its parent."""
    segment = row.get("segment") or 0
    id, epoch = (row["trajectory_id"], 1) if row.get("parent_id") else (row["task_id"], row["sample"] + 1)
    return (f"{id}-{segment}" if segment else str(id)), int(epoch)


def _messages(row: Row) -> Iterator[Row]:
    copied, lengths = set(row.get("copied") or ()), row.get("message_tokens") or ()
    for number, message in enumerate(row["messages"]):
        facts = {"tokens": lengths[number]} if number < len(lengths) else {}
        facts |= {"copied": True} if number in copied else {}
        facts |= {} if message["trainable"] or message["role"] != "assistant" else {"trainable": False}
        id = content_id("message", row["trajectory_id"], row.get("segment") or 0, number)
        yield _message(message, row["teacher_model"]) | {"id": id} | ({"metadata": facts} if facts else {})


def _message(message: Message, model: str) -> Row:
    role, text = message["role"], message["content"] or ""
    if role == "tool":
        return {"role": role, "content": text, "tool_call_id": message["tool_call_id"], "function": message["name"]}
    if role != "assistant":
        return {"role": role, "content": text}
    thought = message["reasoning_content"]
    parts = [{"type": "reasoning", "reasoning": thought}, *([{"type": "text", "text": text}] if text else [])]
    return {"role": role, "content": parts if thought else text, "model": model, "tool_calls": _calls(message) or None}


def _calls(message: Message) -> list[Row]:
    """The calls of a message. Inspect takes mappings as arguments only, so any other value is put into one."""
    return [
        {
            "id": call["id"],
            "function": call["name"],
            "arguments": call["arguments"] if isinstance(call["arguments"], dict) else {"arguments": call["arguments"]},
            "type": "function",
        }
        for call in tool_calls(message)
    ]


def _scores(row: Row) -> Iterator[tuple[str, Row]]:
    """A score per verifier: C or I where it judged the whole, the share of good turns where it judged turns."""
    for verifier, judged in json.loads(row["verdicts"]).items():
        score: Row = {"value": "C" if judged["passed"] else "I", "explanation": judged["reason"]}
        graded = {"metadata": {"score": judged["score"]}} if judged["score"] is not None else {}
        yield verifier, score | {"answer": row["final_answer"]} | graded
    for verifier, turns in json.loads(row["turn_verdicts"]).items():
        judged = turns["passed"] + turns["failed"]
        text = f"{turns['passed']} of {judged} turns passed"
        yield f"{verifier} (turns)", {"value": turns["passed"] / judged if judged else 0, "explanation": text}


def _usage(row: Row) -> Row:
    read = row["n_tokens"] - row["n_sampled_tokens"]
    return {"input_tokens": max(read, 0), "output_tokens": row["n_sampled_tokens"], "total_tokens": row["n_tokens"]}


def _summary(sample: Row) -> Row:
    facts = {name: value for name, value in sample["metadata"].items() if name not in LONG_FACTS}
    return {name: sample[name] for name in SUMMARY_FIELDS} | {
        "input": sample["input"][:SHORT_CHARS],
        "target": sample["target"][:SHORT_CHARS],
        "scores": {name: _short_score(score) for name, score in sample["scores"].items()},
        "metadata": facts,
    }


def _short_score(score: Row) -> Row:
    return {name: value[:SHORT_CHARS] if isinstance(value, str) else value for name, value in score.items()}


def _spec(manifest: Manifest, split: str) -> Row:
    models = sorted({teacher.teacher_model for teacher in manifest.teachers})
    shards = [shard for shard in manifest.shards if shard.split == split]
    return {
        "eval_id": content_id("inspect", manifest.release_id, split),
        "run_id": manifest.release_id,
        "created": manifest.created_at.isoformat(),
        "task": f"{manifest.name} {split}",
        "task_id": content_id("inspect-task", manifest.release_id, split),
        "dataset": {"name": f"{manifest.name}/{split}", "samples": sum(shard.rows for shard in shards)},
        "model": ", ".join(models) or "unknown",
        "config": {},
        "metadata": {"release_id": manifest.release_id, "code_version": manifest.code_version},
    }


def _results(count: int, scored: Counter[str], passed: Counter[str]) -> Row:
    scores = [
        {
            "name": name,
            "scorer": name,
            "scored_samples": n,
            "unscored_samples": count - n,
            "metrics": {"accuracy": {"name": "accuracy", "value": passed[name] / n}},
        }
        for name, n in sorted(scored.items())
    ]
    return {"total_samples": count, "completed_samples": count, "scores": scores}


def _header(manifest: Manifest, split: str, results: Row, usage: Mapping[str, Mapping[str, int]]) -> Row:
    when = manifest.created_at.isoformat()
    return {
        "version": LOG_VERSION,
        "status": "success",
        "eval": _spec(manifest, split),
        "plan": {},
        "results": results,
        "stats": {"started_at": when, "completed_at": when, "model_usage": dict(usage)},
    }


def _number(value: str | float) -> float:
    return value if isinstance(value, int | float) else float(value == "C")


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _add(log: zipfile.ZipFile, name: str, value: Row) -> None:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    log.writestr(info, orjson.dumps(value))


def _add_file(log: zipfile.ZipFile, name: str, file: IO[bytes]) -> None:
    info = zipfile.ZipInfo(name, EPOCH)
    info.compress_type, info.file_size = zipfile.ZIP_DEFLATED, file.tell()
    file.seek(0)
    with log.open(info, "w") as sink:
        sink.writelines(_blocks(file))


def _blocks(file: IO[bytes]) -> Iterable[bytes]:
    return iter(lambda: file.read(1 << 20), b"")


INSPECT = ReleaseView(
    sample_of,
    MESSAGE_COLUMNS
    + FACTS
    + ("evidence_urls", "gates", "message_tokens", "task_id", "sample", "instruction", "answer", "final_answer")
    + ("verdicts", "turn_verdicts"),
    "eval",
    write=write_log,
    select=whole,
    left_out="the file holds each context segment once, whole",
)
