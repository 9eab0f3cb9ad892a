"""A group of verbs of which one need not be named: `custody obligations CHILD`."""

from typing import Any

from typer.core import TyperGroup


class ShowByDefault(TyperGroup):
    """Takes words that name no verb of the group for those of its verb `show`."""

    default = "show"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb in front where there is no word, or the first one is neither a verb nor a call for help."""
        if not args or (args[0] not in self.commands and args[0] != "--help"):
            args = [self.default, *args]
        return super().parse_args(ctx, args)
