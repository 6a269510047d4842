"""The card names the origin of the rows: an imported set must not claim crawled pages and token ids."""

import json
from datetime import UTC, datetime
from pathlib import Path

from flows.imports.chunk import ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.importer import Importer
from flows.publish.release import run_publish
from flows.refine.decide import run_refine
from flows.settings import Publish, Settings
from tests.flows.imports.published import SEARCH, openai
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake


def test_the_card_of_imported_rows_names_their_origin(tmp_path: Path) -> None:
    """A reader of the Hub relies on the first sentence of a card."""
    home = Settings(home=tmp_path, publish=Publish(to=str(tmp_path / "release"), validation_share=0))
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps({"messages": openai("Vell", "Orm"), "tools": [SEARCH]}) + "\n")
    with connect(Lake(home.lake)) as con:
        existing = ExistingIds.of(con, datetime.now(UTC))
    options = ImportOptions("auto", "imported", "mit", accepted=True)
    Importer(Lake(home.lake), existing, []).import_file(path, path.name, options, silent)
    today = datetime.now(UTC).date()
    run_refine(home, today, silent)
    run_publish(home, today, silent)
    card = (tmp_path / "release" / "latest" / "README.md").read_text("utf-8")
    assert "1 trajectories imported from published data sets" in card
    assert "Tasks were made from crawled pages" not in card
    assert "| set.jsonl | messages | mit |" in card
    assert "| mit |  | 0 | 1 | 1 |" in card
