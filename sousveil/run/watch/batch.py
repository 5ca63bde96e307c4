"""What a service needs of the world, and what one of its batches brought."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sousveil.case import Wait
from sousveil.model import Visit
from sousveil.run.alerting import Delivered
from sousveil.run.calendars import Anchored
from sousveil.run.read.analyse import Analysis
from sousveil.run.stamping import Asked
from sousveil.run.visit.visits import Crawled, Postponed
from sousveil.run.witnessing import Heard


@dataclass(slots=True)
class Batch:
    """What one batch brought."""

    at: datetime
    targets: dict[str, str] = field(default_factory=dict)  # of the watches that were due, by id
    unchanged: int = 0
    visits: list[Visit] = field(default_factory=list)
    crawled: list[Crawled] = field(default_factory=list)
    postponed: list[Postponed] = field(default_factory=list)
    analysis: Analysis | None = None  # of what the visits brought
    delivered: Delivered | None = None  # who was told of it, and could not be
    # By whom the log is vouched for.
    stamped: list[Asked | Anchored | Heard] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)  # what keeps us from our work, in words
    next_due: datetime | None = None  # None when nothing is watched

    @property
    def due(self) -> int:
        """How many watches were due when it began."""
        return len(self.targets)


@dataclass(frozen=True, slots=True)
class Outside:
    """What a service needs of the world."""

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]  # returns early once `stop` is set
    nap: Callable[[float], None]  # as `sleep`, and early when there may be something new to see
    wait: Wait  # for the case's lock; False ends the service
    stop: threading.Event
    progress: Callable[[Batch], None]  # told of a batch while it goes on
