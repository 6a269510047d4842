"""Each trainer's own library loads an export, and trains on exactly the tokens of the release.

Needs the trainers' environments (`python -m tests.trainers.install`, after `factory teacher install --cpu`); without
them these tests are skipped, unless FACTORY_REQUIRE_TRAINERS is set. The expected tokens are the release's student
columns: another library (renderers) made them with its hand-written Qwen3 renderer; the trainers use the template.
"""

import json
import re
import subprocess
from pathlib import Path

import datasets
import pytest
from renderers import Qwen3RendererConfig, build_training_sample, create_renderer

from flows.publish.views.export import export
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.trainers.install import python
from tests.trainers.loading import TOOLS, Row, loaded, needs_trainers, released
from warehouse.console.progress import silent

pytestmark = [needs_trainers, pytest.mark.slow]


def expected(row: Row) -> tuple[str, str]:
    """The whole row, and its trained part, in the release's student tokens."""
    ids, mask = row["student_token_ids"], row["student_loss_mask"]
    return tiny.decode(ids), tiny.decode([token for token, mine in zip(ids, mask, strict=True) if mine])


def _spaced(text: str) -> str:
    """The text without the differences between trainers: white space before a call and after a turn, broken-up tags."""
    text = text.replace("\u200b", "").strip()
    return re.sub(r"\s*(<tool_call>|<think>)", r"\n\1", text)


def test_trl_trains_on_the_tokens_of_the_release(release: Path) -> None:
    """A padded tool, a lost call or a trained page cannot be seen in the loss."""
    for row, seen in zip(released(release), loaded(release, "trl", "trl"), strict=True):
        text, trained = expected(row)
        assert seen["text"] == text
        assert seen["trained"].replace("<|im_end|>\n", "<|im_end|>") == trained


def test_trl_writes_each_argument_by_name_where_the_template_does(release: Path) -> None:
    """Qwen3.6's template iterates over the arguments: it fails on a string, and writes a null as an argument."""
    for row, seen in zip(released(release), loaded(release, "trl", "trl", "qwen3_6"), strict=True):
        written = re.findall(r"<parameter=(\w+)>\n(.*?)\n</parameter>", seen["trained"])
        made = [call for message in row["messages"] for call in json.loads(message["tool_calls"] or "[]")]
        assert written == [(name, str(value)) for call in made for name, value in call["arguments"].items()]
        assert [json.loads(line) for line in seen["text"].splitlines() if line.startswith('{"type"')] == TOOLS


@pytest.mark.parametrize(("view", "trainer"), [("ms-swift", "ms_swift"), ("llama-factory", "llama_factory")])
def test_trainers_with_templates_of_their_own_train_on_the_same_words(release: Path, view: str, trainer: str) -> None:
    """LLaMA-Factory drops a row that it cannot parse, with a line in its log only."""
    for row, seen in zip(released(release), loaded(release, view, trainer), strict=True):
        text, trained = expected(row)
        assert _spaced(seen["text"]) == _spaced(text)
        assert _spaced(seen["trained"]) == _spaced(trained)


def test_verl_trains_on_the_released_ids_and_mask(release: Path) -> None:
    """verl's own rendering loses reasoning, so it must get the ids of the release."""
    for row, seen in zip(released(release), loaded(release, "verl", "verl", "ReleasedTokens"), strict=True):
        assert (seen["text"], seen["trained"]) == expected(row)


def test_ids_of_another_vocabulary_and_rows_too_long_are_refused(release: Path) -> None:
    """Ids of another family's vocabulary are valid integers, and train a student on noise."""
    script = """
import sys
sys.path.insert(0, sys.argv[1])
from verl_dataset import ReleasedTokens
file, CUT = sys.argv[1] + "/train.parquet", {"max_length": 5, "truncation": "right"}
for attempt in (
    lambda: ReleasedTokens(file, range(100), {}),
    lambda: ReleasedTokens(file, range(300), {"max_length": 5})[0],
    lambda: ReleasedTokens(file, range(300), {"pad_mode": "right"}),
    lambda: print(len(ReleasedTokens([file], range(300), CUT, max_samples=1)[0]["input_ids"])),
):
    try:
        attempt()
    except ValueError as error:
        print(error)
"""
    folder = release / "views" / "verl"
    export(release / "release", "verl", folder, silent)
    done = subprocess.run([str(python("verl")), "-c", script, str(folder)], capture_output=True, text=True, check=True)
    told = ["publish with `factory publish --student`", "data.max_length is 5", "data.pad_mode=no_padding", "5"]
    assert all(part in line for part, line in zip(told, done.stdout.splitlines(), strict=True))


def test_verls_own_dataset_reads_every_word_but_the_thinking(release: Path) -> None:
    """Users of verl's own class must know that it leaves out reasoning."""
    for row, seen in zip(released(release), loaded(release, "verl", "verl", "stock"), strict=True):
        place = 0
        for message in row["messages"]:
            calls = [
                json.dumps(call["arguments"], ensure_ascii=False) for call in json.loads(message["tool_calls"] or "[]")
            ]
            for part in [message["content"] or "", *calls]:
                place = seen["text"].index(part, place) + len(part)
            assert message["reasoning_content"] is None or message["reasoning_content"] not in seen["text"]
            assert (message["content"] or "") in seen["trained"] or message["role"] != "assistant"
            assert message["role"] != "tool" or message["content"] not in seen["trained"]


def test_harbor_reads_every_step_of_atif(release: Path) -> None:
    """Its model forbids unknown fields; it must read all written ones."""
    seen = loaded(release, "atif", "atif")
    written = (release / "views" / "atif" / "train.jsonl").read_text("utf-8").splitlines()
    assert seen == [json.loads(line) for line in written]


def test_inspect_lists_every_sample_with_its_scores_and_calls(release: Path) -> None:
    """A log that its viewer cannot open, or opens without scores or calls, is of no use to a reader."""
    *samples, header = loaded(release, "inspect", "inspect")
    rows = released(release)
    assert header["status"] == "success" and header["site"] and header["samples"] == len(rows) == len(samples)
    for row in rows:
        [read] = [one for one in samples if one["metadata"]["trajectory_id"] == row["trajectory_id"]]
        verdicts = json.loads(row["verdicts"])
        assert {name: score["value"] == "C" for name, score in read["scores"].items() if name in verdicts} == {
            name: verdict["passed"] for name, verdict in verdicts.items()
        }
        assert read["listed_scores"] == {name: score["value"] for name, score in read["scores"].items()}
        for message, shown in zip(row["messages"], read["messages"], strict=True):
            assert shown["role"] == message["role"]
            calls = [(call["function"], call["arguments"]) for call in shown.get("tool_calls", ())]
            assert calls == [(call["name"], call["arguments"]) for call in json.loads(message["tool_calls"] or "[]")]
    assert header["tokens"] == sum(row["n_tokens"] for row in rows)
    assert set(header["accuracy"]) == {name for one in samples for name in one["scores"]}


def test_prime_rl_renders_the_tokens_of_the_release(release: Path) -> None:
    """prime-rl is on no package index; its loader reads these JSON lines, and renders with this library."""
    folder = release / "views" / "prime-rl"
    export(release / "release", "prime-rl", folder, silent)
    loading = datasets.load_dataset("json", data_files=str(folder / "train.jsonl"), split="train", streaming=True)
    renderer = create_renderer(tiny.tiny_tokenizer(), Qwen3RendererConfig(thinking_retention="all"))
    for row, read in zip(released(release), loading, strict=True):
        messages = [_as_prime_rl_reads(message) for message in read["messages"]]
        made = build_training_sample(renderer, messages, tools=json.loads(read["tools"]), role_to_mask=_by_assistant)
        text, trained = expected(row)
        assert tiny.decode(made.token_ids) == text
        assert (
            tiny.decode([token for token, mine in zip(made.token_ids, made.loss_mask, strict=True) if mine]) == trained
        )


def _as_prime_rl_reads(message: Row) -> Row:
    """The effect of its deserialize_tool_calls, with the nulls of Arrow dropped."""
    kept = {name: value for name, value in message.items() if value is not None}
    for call in kept.get("tool_calls", []):
        call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    return kept


def _by_assistant(message: Row) -> bool:
    return bool(message["role"] == "assistant")
