"""Thirty-six questions in the field's words: full-text search must lead to the file that answers each."""

from functools import cache

import pytest

from tests.house.find_by_search import Search, documents
from tests.house.places import name

FIRST = 3
QUESTIONS = {
    # rollout
    "handshake with the inference server": ("vllm/handshake.py",),
    "KV-cache budget of a server": ("pool/kv_budget.py", "pool/admission.py"),
    "exponential backoff after a 429 from the teacher": ("servers/http_errors.py", "servers/http_client.py"),
    "session affinity and least loaded server": ("servers/server_pool.py",),
    "recover turns from a corrupt journal": ("journal/recovery.py",),
    "parse frames of the SQLite write-ahead log": ("journal/wal_reader.py",),
    "checkpoint of every finished turn, to resume after a kill": ("journal/journal.py", "loop/episode.py"),
    "timeout and retry of parallel tool calls": ("tools/executor.py", "tools/stateless_world.py"),
    "degenerate repetition in a generation": ("loop/repetition.py", "42_repetition.sql"),
    "special tokens in untrusted text": ("tokenizing/literal_tokenizer.py",),
    "token and time budget of a run": ("monitor/budget.py",),
    # domains and tasks
    "normalise an answer for exact match": ("search/verifiers.py",),
    "random walk over the hyperlink graph": ("composers/walk.py", "tasks/walks.sql", "tasks/step.sql"),
    "cloze question with a masked span": ("composers/cloze.py",),
    # sources
    "robots.txt parsing": ("http/robots.py",),
    "rate limit and crawl delay per host": ("http/rate_limit.py",),
    "block private IP addresses after DNS resolution (SSRF)": ("http/network.py",),
    "decompression bomb limit": ("http/decompress.py",),
    "character encoding detection": ("text/charset.py",),
    "write raw HTTP responses as WARC records": ("archive/warc.py", "archive/warc_files.py"),
    "redact personal data and secrets": ("privacy/redaction.py",),
    "inverted index of passages for BM25 search": ("index/library.py", "index/index_writer.py"),
    # refine
    "minimum number of tool calls": ("30_min_calls.sql",),
    "posting list of shingles": ("posting_list.sql",),
    "which near duplicate of a cluster is the keeper": ("keeper_rank.sql", "dedupe/dedupe.py"),
    "benchmark contamination by n-gram overlap": (
        *("decontaminate/decontaminate.py", "decontaminate/ngrams.py", "52_decontamination.sql"),
        *("decontaminate/benchmarks.py",),
    ),
    "validate tool call arguments against a JSON Schema": ("gates/argument_schema.py", "15_arguments.sql"),
    "verifier error rate with a confidence interval": ("refine/audit.py", "verifier_errors.sql"),
    # publish
    "train and validation split by task": ("build/split.py",),
    "sequence packing into training windows": ("build/packing.py",),
    "loss mask of the student tokens": ("build/student.py",),
    "DPO preference pairs": ("views/preference.py", "views/dpo_and_rl.py"),
    "conditional put with If-None-Match": ("stores/conditional_put.py", "s3/conditional_put.py"),
    "resume a multipart upload": ("stores/multipart.py", "s3/multipart.py"),
    # the whole house
    "migrate an old lake to the new schema version": ("warehouse/migrate.py", "warehouse/migrations.py"),
    "cron schedule of the nightly run": (
        "flows/nightly.py",
        "flows/schedule.py",
        "settings/schedule.py",
        "schedule/times.py",
    ),
}


@cache
def search() -> Search:
    return Search()


def rank(question: str) -> int:
    """The 1-based rank of the first right file; 0 beyond the results."""
    ranked = search().ranked(question)
    return next((i for i, path in enumerate(ranked, 1) if _right(path, QUESTIONS[question])), 0)


def _right(path: str, suffixes: tuple[str, ...]) -> bool:
    return any(f"/{path}".endswith(f"/{suffix}") for suffix in suffixes)


def test_there_are_thirty_six_questions() -> None:
    """A question may be replaced when its file goes, never dropped."""
    assert len(QUESTIONS) == 36


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_question_has_an_existing_answer(question: str) -> None:
    """A table of answers that no longer exist measures nothing."""
    assert any(_right(name(path), QUESTIONS[question]) for path in documents())


@pytest.mark.parametrize("question", QUESTIONS)
def test_search_finds_the_file(question: str) -> None:
    """A newcomer opens at most three results before giving up."""
    assert 1 <= rank(question) <= FIRST, search().ranked(question)[:5]
