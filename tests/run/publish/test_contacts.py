"""What the records of a package hold of people is counted, each thing once, and never changed."""

from sousveil.case import Case
from sousveil.run.publish.contacts import contacts_in
from tests.run.test_pictures import Keep, keep

__all__ = ["keep"]  # a fixture


def test_contacts_are_counted_once_and_a_history_as_a_whole(case: Case, keep: Keep) -> None:
    keep("text/plain", b"Contact person: Petra Lind, petra.lind@halden.example")
    keep("text/html", b"<p>petra.lind@halden.example</p>")
    keep("application/x-git-bundle", b"# v2 git bundle\n\nPACK a@b.example")
    keep("image/png", b"\x89PNG\r\n\x1a\n a@c.example")
    assert contacts_in(case.root / "archive") == {
        "e-mail address": 1,
        "history of a repository, with whoever wrote its commits": 1,
        "name of a contact person": 1,
    }
