"""Letters: what the log says of a letter and of replies, and how an inquiry is closed.

The log holds the digest of a letter, so that its writer can later show that this was its text. The
text itself enters the case only where the user asks for it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sousveil.errors import InputError
from sousveil.ledger import Writer
from sousveil.model import Event, Inquiry, Json

# A letter with attachments is no letter any more; its parts can be hashed one by one.
MAX_LETTER_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, or a reply to one, as it lies in a file."""

    sha256: str  # hexadecimal
    size_bytes: int
    text: str | None  # None unless it is to be kept


def read_letter(path: Path, *, keep: bool) -> Letter:
    """Return what is logged of the letter in a file; with `keep`, its text too.

    Raises InputError when it is too long, or is to be kept and is not UTF-8 text, and OSError when
    it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(MAX_LETTER_BYTES + 1)
    if len(data) > MAX_LETTER_BYTES:
        raise InputError(f"{path}: longer than {MAX_LETTER_BYTES:,} bytes. Give the text alone.")
    text = None
    if keep:
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path}: not UTF-8 text, so it cannot be kept in the log. Save it as text, or"
                " leave out --keep-letter: its digest is logged all the same."
            ) from error
    return Letter(hashlib.sha256(data).hexdigest(), len(data), text)


def letter_facts(letter: Letter | None) -> Json:
    """Return what an event's body says of a letter; nothing when none was shown to us."""
    if letter is None:
        return {}
    facts: Json = {"sha256": letter.sha256, "bytes": letter.size_bytes}
    return facts if letter.text is None else facts | {"text": letter.text}


def log_reply(
    writer: Writer, inquiry: Inquiry, received_at: datetime, letter: Letter | None, now: datetime
) -> Event:
    """Log that a reply to an inquiry came."""
    body = {
        "inquiry": inquiry.id,
        "received_at": received_at.isoformat(),
        "letter": letter_facts(letter),
    }
    return writer.commit("inquiry.reply", body, now=now)


def close_inquiry(writer: Writer, inquiry: Inquiry, now: datetime) -> Event:
    """Log that an inquiry is over: its watches go back to their own intervals."""
    body = {"inquiry": inquiry.id, "closed_at": now.isoformat()}
    return writer.commit("inquiry.closed", body, now=now)
