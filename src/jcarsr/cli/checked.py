"""Commands that refuse empty words: an empty path would be the current folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from typer.core import TyperCommand

from jcarsr.cli.values import usage_errors


class CheckedCommand(TyperCommand):
    """A command of which no argument and no option's value is empty."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words, unless one is empty."""
        if not ctx.resilient_parsing:
            self.parse_words(ctx, args)
        return super().parse_args(ctx, args)

    def parse_words(self, ctx: Any, args: Sequence[str]) -> Mapping[str, Any]:
        """Return the words of a command by the names of its parameters, before any conversion.

        Raises:
            Exit: one is empty, as a variable that is not set leaves it: code 2 and one line.
        """
        typed: Mapping[str, Any] = self.make_parser(ctx).parse_args(args=list(args))[0]
        if not typed.get("help"):
            with usage_errors():
                self._refuse_empty(typed)
        return typed

    def _refuse_empty(self, typed: Mapping[str, Any]) -> None:
        """Raises ValueError for a value that is empty."""
        for param in cast("Sequence[Any]", self.params):
            if _has_empty(typed.get(param.name)):
                is_option = param.param_type_name == "option"
                name = max(param.opts, key=len) if is_option else '""'
                raise ValueError(f"{name}: is empty (a variable that is not set?)")


def _has_empty(value: object) -> bool:
    """Whether a value is empty, or one of those that may be repeated is."""
    if isinstance(value, list | tuple):
        return any(_has_empty(one) for one in cast("Sequence[object]", value))
    return isinstance(value, str) and not value
