"""A night makes as many tasks of a site in any language as of the same site in English."""

from datetime import date
from pathlib import Path

import pytest

from flows.crawl.crawler import run_crawl
from flows.settings import Settings, Tasks
from flows.tasks.compose import run_tasks
from sources.index.scripts import lowercase_words
from tests.doubles.sites.twin_sites import twin_site
from tests.flows.crawl.crawled import settings_for
from tests.flows.tasks.test_tasks import no_teacher, rows, texts
from warehouse.console.progress import silent

DAY = date(2026, 3, 1)
TOLERANCE = 0.2


def night(home: Path, tag: str) -> dict[str, int | str]:
    """Crawl the site of one language and compose the tasks of a night."""
    with twin_site(tag) as site:
        run_crawl(settings_for(home, site), DAY, silent)
    tasks = Tasks(per_night=60, share={"search": 1.0}, composers=["cloze"])
    return run_tasks(Settings(home=home, tasks=tasks), DAY, silent, no_teacher)


@pytest.mark.slow
def test_twin_sites_make_as_many_tasks(tmp_path: Path) -> None:
    """Else a night over Chinese, Russian or Arabic pages ends with nothing, for no reason that it gives."""
    made = {tag: int(night(tmp_path / tag, tag)["composed"]) for tag in ("en", "zh", "ru", "ar")}
    assert made["en"] >= 25  # about 32, by the order in which pages come
    assert all(abs(n - made["en"]) <= TOLERANCE * made["en"] for n in made.values()), made
    for tag in made:
        pages = texts(tmp_path / tag)
        for task in rows(tmp_path / tag):
            words = f" {lowercase_words(task['answer'])} "
            assert words in pages[task["path"][-1]["url"]]
            assert words not in f" {lowercase_words(task['instruction'])} "
