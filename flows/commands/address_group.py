"""A command group that also takes an address: `factory publish s3://bucket/prefix` beside `factory publish verify`.

Typer reads the first word after a group as a subcommand. A word that is none becomes the value of the group's option
`--to`, unless it looks like a misspelt subcommand: a release must not land in a folder called `verfy`.
"""

from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperGroup


class AddressGroup(TyperGroup):
    """A group whose only positional argument, where no subcommand is named, is the value of `--to`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `--to` before the address. Raises BadParameter on several addresses, or on a misspelt subcommand."""
        if set(args) & set(self.commands):
            return super().parse_args(ctx, args)
        words = self._positional(ctx, args)
        if len(words) > 1:
            raise typer.BadParameter(f"one address, not {len(words)}: {', '.join(words)}", ctx)
        for word in words:
            if close := get_close_matches(word, self.commands, 1):
                raise typer.BadParameter(
                    f"no such command {word!r}: did you mean {close[0]}? A folder is ./{word}", ctx
                )
            at = args.index(word)
            args = [*args[:at], "--to", *args[at:]]
        return super().parse_args(ctx, args)

    def _positional(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments that belong to no option."""
        parser = self.make_parser(ctx)
        parser.allow_interspersed_args = True
        _, words, _ = parser.parse_args(list(args))
        return list(words)
