"""A prompt for SQL over the lake (`factory sql` without a query): history, completion, and the twelve questions.

Completion offers views after `from` and `join`, else the columns of the views that the statement names, each with its
meaning. A statement ends with `;`. A line that starts with a dot is a command of the prompt itself.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import SqlLexer
from rich.console import Console
from rich.markup import escape

from warehouse.console.terminal import empty_table
from warehouse.prompt.questions import questions
from warehouse.query import QueryError, print_sql

if TYPE_CHECKING:
    from warehouse.descriptions import View

HELP = """a statement ends with ;   Ctrl-C clears it, Ctrl-D leaves
.questions       questions with their SQL   .questions NAME  shows one and runs it
.views           views and marts            .columns VIEW    its columns, with their meanings
.help            this text                  .quit            leaves"""
_WORD = re.compile(r"\w+")


class SqlCompleter(Completer):
    """Completes names of views, of their columns, and keywords."""

    def __init__(self, views: Iterable["View"], keywords: Iterable[str]) -> None:
        self._views = {view.name: view for view in views}
        self._keywords = sorted(keywords)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Yields names that start with the word before the cursor, the likeliest kind first."""
        word = document.get_word_before_cursor(pattern=_WORD)
        before = document.text_before_cursor.removesuffix(word)
        if not word and not before.endswith((" ", ".")):
            return
        seen = set[str]()
        for name, meaning in self._candidates(before, document.text):
            if name.lower().startswith(word.lower()) and name not in seen:
                seen.add(name)
                yield Completion(name, start_position=-len(word), display_meta=meaning)

    def _candidates(self, before: str, text: str) -> Iterator[tuple[str, str]]:
        if before.startswith("."):
            yield from ((name, words) for name, (words, _) in questions().items() if "questions" in before)
        if re.search(r"(\b(from|join|describe|summarize)\s+|^\.columns\s+)$", before, re.IGNORECASE):
            yield from self._names()
            return
        owner = re.search(r"(\w+)\.$", before)
        named = [owner[1]] if owner and owner[1] in self._views else _WORD.findall(text)
        for name in dict.fromkeys(named):
            if name in self._views:
                yield from ((column.name, column.text) for column in self._views[name].columns)
        if not owner:
            yield from self._names()
            yield from ((keyword, "") for keyword in self._keywords)

    def _names(self) -> Iterator[tuple[str, str]]:
        return ((view.name, view.grain) for view in self._views.values())


class SqlPrompt:
    """Reads statements and prompt commands from a terminal until its end, and prints their rows."""

    def __init__(self, con: duckdb.DuckDBPyConnection, views: list["View"], history: Path) -> None:
        history.parent.mkdir(parents=True, exist_ok=True)
        self._con, self._views, self._console = con, {view.name: view for view in views}, Console()
        keywords = con.execute("select keyword_name from duckdb_keywords()").fetchall()
        self._session: PromptSession[str] = PromptSession(
            history=FileHistory(str(history)),
            completer=SqlCompleter(views, [keyword for (keyword,) in keywords]),
            lexer=PygmentsLexer(SqlLexer),
            complete_while_typing=True,
            multiline=True,
            key_bindings=_enter_ends_a_statement(),
            prompt_continuation="...> ",
        )

    def run(self) -> None:
        """Answer until `.quit` or the end of the input; a refused or interrupted query leaves the prompt open."""
        self._console.print(HELP, highlight=False)
        while True:
            try:
                text = self._session.prompt("sql> ").strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if text == ".quit":
                return
            try:
                self._answer(text)
            except QueryError as error:
                self._console.print(f"[red]{escape(str(error))}")
            except KeyboardInterrupt:
                self._console.print("interrupted")

    def _answer(self, text: str) -> None:
        command, _, argument = text.partition(" ")
        if command == ".questions" and argument.strip():
            self._run_question(argument.strip())
        elif command == ".columns":
            self._print_columns(argument.strip())
        elif command in (".questions", ".views"):
            rows = questions().items() if command == ".questions" else self._views.items()
            self._print((name, about[0] if isinstance(about, tuple) else about.grain) for name, about in rows)
        elif text.startswith("."):
            self._console.print(HELP, highlight=False)
        elif text.strip("; "):
            print_sql(self._con, text.rstrip("; \n"))

    def _run_question(self, name: str) -> None:
        if name not in questions():
            raise QueryError(f"no question is named {name!r}; .questions lists them")
        text = questions()[name][1]
        self._console.print(text, markup=False, highlight=False)
        print_sql(self._con, text)

    def _print_columns(self, view: str) -> None:
        if view not in self._views:
            raise QueryError(f"no view is named {view!r}; .views lists them")
        self._print((f"{column.name} {column.type}", column.text) for column in self._views[view].columns)

    def _print(self, rows: Iterable[tuple[str, str]]) -> None:
        table = empty_table(["name", "meaning"])
        for name, meaning in rows:
            table.add_row(escape(name), escape(meaning))
        self._console.print(table)


def _enter_ends_a_statement() -> KeyBindings:
    """Enter accepts a text that ends with `;` or starts with a dot; any other text goes on in a new line."""
    bindings = KeyBindings()

    @Condition
    def is_whole() -> bool:
        from prompt_toolkit.application import get_app

        text = get_app().current_buffer.text.strip()
        return not text or text.endswith(";") or text.startswith(".")

    @bindings.add("enter", filter=is_whole)
    def accept(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    return bindings
