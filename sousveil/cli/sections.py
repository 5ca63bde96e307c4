"""The help of `sousveil` itself: its commands in sections, in the order they are needed in."""

from typing import Any

from typer.core import TyperGroup

SECTIONS = {
    "Open a case, and say what to watch": ("init", "add", "targets", "retire", "topics", "actors"),
    "Look": ("try", "visit", "watch", "import", "hand-in", "timemap", "inquiry"),
    "See what was found, and what changed": (
        "findings",
        "show",
        "search",
        "facts",
        "changes",
        "diff",
        "alerts",
    ),
    "Decide on it": ("serve", "users", "review", "queue", "translate", "agreement", "model"),
    "Prove it, and hand it on": (
        "verify",
        "stamp",
        "key",
        "withhold",
        "dossier",
        "bundle",
        "export",
    ),
    "Without a case, and care": ("demo", "doctor", "read", "scan", "analyse", "reindex", "witness"),
}
OTHER = "Other commands"

_MARGIN = 6  # the formatter's indentation, and the space between its two columns


class Sections(TyperGroup):
    """Subcommands under the headings of `SECTIONS`; those that none names come last."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401  # typer names no public type
        """Write the commands that there are, a line each."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        left = {name: one for name, one in commands.items() if one and not one.hidden}
        width = formatter.width - _MARGIN - max(map(len, left), default=0)
        for title, names in (*SECTIONS.items(), (OTHER, tuple(left))):
            told = [(name, left.pop(name)) for name in names if name in left]
            if told:
                with formatter.section(title):
                    formatter.write_dl([(n, c.get_short_help_str(width)) for n, c in told])
