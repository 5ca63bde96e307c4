"""What became of pages and quotes, from real answers over time: slow to say gone, quick to show."""

from pathlib import Path

from sousveil.model import Verdict
from tests.run.looking import START, looking_at
from tests.sites import Page, serve

CLAIM = "Our camera infers the ethnicity of every face it sees."
REST = "".join(f"<p>Paragraph {n} tells of lens {n * n} and of its mount.</p>" for n in range(12))
PAGE = Page(f"<h1>Lens</h1><p>{CLAIM}</p>{REST}".encode())
WITHOUT = Page(f"<h1>Lens</h1>{REST}".encode())


def test_a_page_that_answers_404_is_held_then_confirmed(tmp_path: Path) -> None:
    with serve() as site:
        site.pages.update(
            {"/lens.html": PAGE, "/": Page(b"<h1>Halden</h1><p>Welcome to us all.</p>")}
        )
        case = looking_at(tmp_path, site, "/lens.html")
        case.after()
        assert case.fate().verdict is Verdict.PRESENT
        del site.pages["/lens.html"]
        missed = case.after(hours=1)
        ((_, held),) = missed.held
        assert not missed.gone
        assert (held.verdict, held.pending, held.is_gone) == (
            Verdict.UNKNOWN,
            Verdict.REMOVED,
            False,
        )
        assert held.gone_by is not None
        assert held.due is not None
        assert (held.last_seen - START).seconds < 60
        assert "HTTP 404; held" in held.evidence.replace(" answered", "")
        assert not case.after(hours=30).gone
        confirmed = case.after(hours=50)
        ((_, gone),) = confirmed.gone
        assert (gone.verdict, gone.is_gone, gone.pending) == (Verdict.REMOVED, True, None)
        assert gone.gone_by == held.gone_by
        (told,) = case.told()
        assert told.told.verdict is Verdict.REMOVED
        assert case.everything() == case.reindexed()
