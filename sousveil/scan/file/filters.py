"""Which answers a job wants: by host, media type and date, as the archive tells them."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from sousveil.archive.foreign import parse_date
from sousveil.errors import InputError
from sousveil.model import Capture
from sousveil.scan.file.values import Job


class Filters:
    """The filters of a job, made ready once a file.

    Raises InputError when a date of the job is none.
    """

    def __init__(self, job: Job) -> None:
        self._hosts = frozenset(host.lower().strip(".") for host in job.hosts)
        self._types = tuple(kind.lower() for kind in job.media_types)
        self._since = _date(job.since) if job.since else datetime.min.replace(tzinfo=UTC)
        self._until = _date(job.until) if job.until else datetime.max.replace(tzinfo=UTC)
        self.are_empty = not (job.hosts or job.media_types or job.since or job.until)

    def refuse(self, capture: Capture) -> str:
        """Return which filter leaves a capture out, "" when none does."""
        if self.are_empty:
            return ""
        if self._hosts and not self._has_host(capture.url):
            return "another host"
        if self._types and not capture.media_type.startswith(self._types):
            return "another media type"
        return "" if self._since <= capture.captured_at < self._until else "another date"

    def _has_host(self, url: str) -> bool:
        try:
            host = (urlsplit(url).hostname or "").strip(".")
        except ValueError:  # addresses in archives of others may be none
            return False
        labels = host.split(".")
        return any(".".join(labels[i:]) in self._hosts for i in range(len(labels)))


def _date(text: str) -> datetime:
    date = parse_date(text)
    if date is None:
        raise InputError(f"'{text}' is no date. Write it as 2024, 2024-01 or 2024-01-31.")
    return date
