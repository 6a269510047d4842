"""`factory sources check`: one page of each configured source, and what a night would crawl."""

from typing import TYPE_CHECKING

import typer

from flows.commands.context import read_settings
from flows.commands.exit import plain_errors

if TYPE_CHECKING:
    from flows.crawl.check_sources import SourceCheck

app = typer.Typer(no_args_is_help=True, help="The sources of the crawl.")
SHOWN_STARTS = 3


@app.callback()
def sources() -> None:
    """The sources of the crawl."""


@app.command()
def check() -> None:
    """Try each source of the settings for one page; exit code 1 if one of them gives none. Nothing is stored."""
    with plain_errors():
        from flows.crawl.check_sources import check_sources

        failed = 0
        for one in check_sources(read_settings()):
            typer.echo("\n".join(_lines(one)))
            failed += one.page is None
    if failed:
        raise typer.Exit(1)


def _lines(check: "SourceCheck") -> list[str]:
    """Return the report of one source, the outcome first."""
    page = check.page
    lines = [f"{check.name}: {'ok' if page else 'FAILED'}"]
    if check.problem:
        return [*lines, f"  {check.problem}"]
    more = f" and {len(check.starts) - SHOWN_STARTS} more" if len(check.starts) > SHOWN_STARTS else ""
    lines.append(f"  starts with: {', '.join(check.starts[:SHOWN_STARTS]) or 'nothing'}{more}")
    if page:
        lines.append(f"  first page: {page.url}")
        lines.append(f"    {page.title or 'no title'}: {page.n_chars} characters, {len(page.links)} links")
    lines += [f"  holds about {check.count} pages"] if check.count is not None else []
    lines.append(f"  found: {', '.join(f'{count} {status}' for status, count in sorted(check.statuses.items()))}")
    return [*lines, *(f"  {reason}" for reason in check.reasons)]
