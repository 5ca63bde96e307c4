"""Captured text cannot act on the terminal, whoever prints it."""

import io

import pytest
from rich.console import Console

from sousveil.cli.telling import screen


def test_markup_in_what_is_at_hand_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=200)
    monkeypatch.setattr(screen, "err", console)
    with screen.progress("reading", 2) as bar:
        bar(1, 2, "http://x/[/b][red]")
    assert "reading http://x/[/b][red]" in shown.getvalue()


@pytest.mark.parametrize("name", ["say", "tell"])
def test_no_line_carries_a_control_character_of_a_stranger(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "<urn:\x1b]0;mine\x07\x9b2J\r\u202e\udcff>\nnext"
    getattr(screen, name)(hostile)
    captured = capsys.readouterr()
    assert captured.out + captured.err == (
        "<urn:<U+001B>]0;mine<U+0007><U+009B>2J<U+000D><U+202E><U+DCFF>>\nnext\n"
    )
