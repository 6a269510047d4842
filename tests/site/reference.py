"""Writes the reference pages from the code: commands, settings, views with their columns, and columns of a release."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from typer.main import get_command

from flows.cli import app
from flows.settings import Settings
from flows.settings.file import commented_file
from schemas import arrow_schema
from schemas.shard import Message, PackedRow, PreferenceRow, ReleaseRow, SegmentColumns
from warehouse.connect import catalogue, sql_files
from warehouse.descriptions import View
from warehouse.lake import Lake

RELEASED = (ReleaseRow, SegmentColumns, Message, PreferenceRow, PackedRow)


def commands() -> str:
    """The page of every command with its arguments and options."""
    lines = ["# Commands", "", "`factory COMMAND --help` prints the same in a terminal."]
    for words, command in _commands(get_command(app), ("factory",)):
        lines += ["", f"## `{' '.join(words)}`", "", _plain(command.help or "")]
        rows = [_parameter(one) for one in command.params]
        lines += _table(("argument or option", "meaning", "default"), rows)
    return "\n".join(lines) + "\n"


def settings() -> str:
    """The page of every setting by section, with the kinds of sources."""
    lines = [
        "# Settings",
        "",
        "Keys of `factory.toml`; `factory init` writes the file with every key. A variable wins over the",
    ]
    lines += ["file: `FACTORY_CRAWL__MAX_PAGES=1000` sets `max_pages` of `[crawl]`."]
    top = {key: field for key, field in Settings.model_fields.items() if not _models(field.annotation)}
    lines += ["", "## Before all sections", "", *_table(("key", "meaning", "default"), _keys(top))]
    for key, field in Settings.model_fields.items():
        for model in _models(field.annotation):
            lines += _section(f"[{key}]", key, model)
    return "\n".join([*lines, "", "## The whole file", "", "```toml", commented_file().rstrip(), "```"]) + "\n"


def views() -> str:
    """The page of every view and mart with its grain and columns."""
    with TemporaryDirectory() as folder:
        found = {view.name: view for view in catalogue(Lake(Path(folder)))}
    lines = ["# Views and columns", "", "All of them are in `warehouse.duckdb` too, with these texts as comments."]
    for heading, names in (("Views", sql_files("views")), ("Marts", sql_files("marts"))):
        lines += ["", f"## {heading}", "", *_table(("name", "grain"), [_view_row(found[name]) for name in names])]
    for view in sorted(found.values(), key=lambda view: view.name):
        rows = [(f"`{column.name}`", f"`{column.type}`", _plain(column.text)) for column in view.columns]
        lines += ["", f"## `{view.name}` {{ #{view.name} }}", "", _plain(view.grain)]
        lines += _table(("column", "type", "meaning"), rows)
    return "\n".join(lines) + "\n"


def released() -> str:
    """The page of the columns that shards and their companions hold."""
    lines = ["# Columns of a release", ""]
    for model in RELEASED:
        lines += ["", f"## {model.__name__}", "", _plain((model.__doc__ or "").partition("\n\n")[0])]
        rows = [
            (f"`{field.name}`", f"`{field.type}`", _plain(field.metadata[b"description"].decode()))
            for field in arrow_schema(model)
        ]
        lines += _table(("column", "type", "meaning"), rows)
    return "\n".join(lines) + "\n"


PAGES: dict[str, tuple[str, Callable[[], str]]] = {
    "reference/commands.md": ("Commands", commands),
    "reference/settings.md": ("Settings", settings),
    "reference/views.md": ("Views and columns", views),
    "reference/release.md": ("Columns of a release", released),
}


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command below one of Typer's, with its words; a group is one if it runs without an inner command."""
    inner = getattr(command, "commands", {})
    if not inner or command.invoke_without_command:
        yield words, command
    for name, one in sorted(inner.items()):
        yield from _commands(one, (*words, name))


def _parameter(parameter: Any) -> tuple[str, str, str]:
    is_argument = parameter.param_type_name == "argument"
    names = (
        [parameter.metavar or parameter.name.upper()] if is_argument else [*parameter.opts, *parameter.secondary_opts]
    )
    default = getattr(parameter.default, "value", parameter.default)
    shown = "" if default is None or default is False or callable(default) else f"`{default}`"
    return ", ".join(f"`{name}`" for name in names), _plain(getattr(parameter, "help", None) or ""), shown


def _section(heading: str, path: str, model: type[BaseModel]) -> Iterator[str]:
    yield from ("", f"## `{heading}`", "", _plain((model.__doc__ or "").partition("\n\n")[0]))
    plain = {key: field for key, field in model.model_fields.items() if not _models(field.annotation)}
    yield from _table(("key", "meaning", "default"), _keys(plain))
    for key, field in model.model_fields.items():
        listed = "list" in str(field.annotation) or "tuple" in str(field.annotation)
        inner = f"{path}.{key}"
        for kind in _models(field.annotation):
            yield from _section(f"[[{inner}]] {_kind(kind)}".strip() if listed else f"[{inner}]", inner, kind)


def _kind(model: type[BaseModel]) -> str:
    kind = model.model_fields.get("kind")
    return f"kind = {get_args(kind.annotation)[0]}" if kind and get_args(kind.annotation) else ""


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The classes of sections that a type holds, in order."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _keys(fields: dict[str, FieldInfo]) -> list[tuple[str, ...]]:
    return [(f"`{key}`", _plain(field.description or ""), _default(field)) for key, field in fields.items()]


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "" if field.is_required() else "none"
    return "not set" if field.default is None else f"`{field.default}`"


def _view_row(view: View) -> tuple[str, str]:
    return f"[`{view.name}`](#{view.name})", _plain(view.grain)


def _plain(text: str) -> str:
    """A text of the code as one line of Markdown, with nothing that a page would read as markup."""
    line = " ".join(text.split())
    return line.replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[").replace("*", "\\*")


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows)]
    return ["", *lines]
