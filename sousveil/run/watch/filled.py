"""Pages that scripts fill: what the wire carries does not tell whether they changed.

Takes a visit that a browser showed, and compares the text of the wire with that of the screen. A
function of the evidence.
"""

from collections import Counter

from sousveil.case import Case
from sousveil.changes.answer.text import words_of
from sousveil.errors import SousveilError
from sousveil.index.pace import Base
from sousveil.index.query import captures_of_look
from sousveil.index.store import Index
from sousveil.model import RENDERING_TYPE
from sousveil.run.read.looks import read_document

# Clocks, counters and consent notices bring some words; a sentence has more.
MAX_WORDS = 8

_QUOTES_OF_SCRIPTS = (
    "SELECT EXISTS (SELECT 1 FROM sighting s JOIN capture c ON c.id = s.capture_id"
    " WHERE c.look_id = ?1 AND c.media_type = ?2 AND s.finding_id NOT IN ("
    " SELECT o.finding_id FROM sighting o JOIN capture d ON d.id = o.capture_id"
    " WHERE d.look_id = ?1 AND d.media_type != ?2))"
)


def is_filled(case: Case, index: Index, watch_id: str, base: Base) -> bool:
    """Tell whether a browser showed text, or a quote, that the wire had not.

    So it is where the captures cannot be read: the browser is asked, to be sure.
    """
    rows = index.rows(
        "SELECT id FROM look WHERE log_index = ? AND watch_id = ?", base.log_index, watch_id
    )
    if not rows:
        return True
    look_id = rows[0][0]
    if index.rows(_QUOTES_OF_SCRIPTS, look_id, RENDERING_TYPE)[0][0]:
        return True
    held = captures_of_look(index, look_id)
    shown = [one.capture for one in held if one.capture.media_type == RENDERING_TYPE]
    try:
        screen = Counter(words_of("\n".join(read_document(case, one).text for one in shown)))
        wire = Counter(words_of(read_document(case, base.capture).text))
    except SousveilError:
        return True
    return (screen - wire).total() > MAX_WORDS
