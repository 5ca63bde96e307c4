"""What a service knows of the log without reading it anew for each batch.

Watches, what was seen at their addresses, which objects of repositories were kept: read once from
the log, whose bodies are held against it, and then followed event by event. Whom we visit is told
from here, never from the index: whoever edits that must not choose it.
"""

from sousveil.case import Case
from sousveil.ledger import log_size, read_events
from sousveil.model import Event, Watch, WatchKind
from sousveil.run.visit.crawls import Past
from sousveil.run.visit.watches import take_watch


class Known:
    """What the log tells, as far as it was read."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.watches: dict[str, Watch] = {}  # those that are visited, by id
        self.past: dict[str, Past] = {}  # of those that are no repository
        self.kept: dict[str, set[str]] = {}  # git objects, of those that are
        self.size = 0  # entries of the log that were taken in
        self._targets: set[str] = set()

    def follow(self, case: Case) -> None:
        """Take in what was added to the log since."""
        if log_size(case) > self.size:
            for event in read_events(case, self.size):
                self.take(event)

    def take(self, event: Event) -> None:
        """Take in the next event; one that was taken in already changes nothing."""
        if event.index != self.size:
            return
        self.size += 1
        take_watch(self.watches, event)
        match event.type:
            case "watch.added" | "watch.changed":
                self._add(event)
            case "watch.retired":
                self._targets.discard(event.body["target"])
            case "visit" | "crawl":
                self._take_look(event)

    def _add(self, event: Event) -> None:
        watch = self.watches[event.body["watch"]["id"]]
        self._targets.add(watch.target)
        if watch.kind is WatchKind.REPOSITORY:
            self.kept.setdefault(watch.id, set())
        else:
            self.past.setdefault(watch.id, Past(targets=self._targets))

    def _take_look(self, event: Event) -> None:
        watch_id = event.body["watch_id"]
        if watch_id in self.past:
            self.past[watch_id].take(event)
        if event.type == "visit" and watch_id in self.kept:
            refs = event.body.get("repository", {}).get("refs", {})
            self.kept[watch_id].update(refs.values())
