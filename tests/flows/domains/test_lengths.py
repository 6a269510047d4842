"""Tasks that do not fit in the window are named before a night, with the setting to change."""

from pathlib import Path

import pytest

from flows.domains.lengths import shortage
from flows.settings import Rollout, Settings, Tasks, Teacher


@pytest.mark.parametrize(
    ("window", "compact_at", "max_tokens", "advice"),
    [
        (None, None, 131_072, None),
        (32_768, None, 131_072, "set rollout.compact_at = 0.75, or start the server with a longer context"),
        (32_768, 0.75, 131_072, None),
        (32_768, 0.75, 20_000, "raise tasks.max_tokens"),
    ],
)
def test_the_sentence_names_the_composer_its_tokens_and_the_setting(
    tmp_path: Path, window: int | None, compact_at: float | None, max_tokens: int, advice: str | None
) -> None:
    """Attempts that end at their window are paid for and solve nothing."""
    settings = Settings(
        home=tmp_path,
        teacher=Teacher(engine="vllm"),
        tasks=Tasks(max_tokens=max_tokens),
        rollout=Rollout(compact_at=compact_at),
    )
    found = shortage(settings, ["batch_under_policy", "cloze"], window)
    assert (found is None) == (advice is None)
    if found and advice:
        assert found.startswith("long tasks of batch_under_policy (50,000 tokens) do not fit in")
        assert found.endswith(advice)
