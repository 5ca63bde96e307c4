"""An axis of time: where a moment stands on it, and the days, months or years that it names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from sousveil.dossier.views.drawing import shape

MOST_TICKS = 9  # more names than that would touch
_YEAR, _MONTH = 366, 31  # days, at most
_TIGHT = 2 * _YEAR  # days: longer spans are told by years, shorter ones by months
_SHORT = 3 * _MONTH  # shorter ones still by days
_MARGIN = 0.03  # of the span, so that no mark stands on the edge


@dataclass(frozen=True, slots=True)
class Axis:
    """A span of time over a span of the drawing."""

    first: datetime
    last: datetime
    left: float
    right: float

    def at(self, moment: datetime) -> float:
        """Return where a moment stands; one beyond the ends stands at the end."""
        share = (moment - self.first) / (self.last - self.first)
        return self.left + (self.right - self.left) * min(1.0, max(0.0, share))

    def ticks(self, top: float, bottom: float) -> list[Markup]:
        """Return lines from top to bottom with what they stand for below them."""
        return [
            part
            for moment, name in self.named()
            for x in [self.at(moment)]
            for part in (
                shape("line", class_="tick", x1=x, x2=x, y1=top, y2=bottom),
                shape("text", name, class_="soft", x=x, y=bottom + 18, text_anchor="middle"),
            )
        ]

    def named(self) -> list[tuple[datetime, str]]:
        """Return the moments that have a name, at most `MOST_TICKS`."""
        days = (self.last - self.first).days
        if days > _TIGHT:
            every = [datetime(year, 1, 1, tzinfo=UTC) for year in self._years()]
            form = "%Y"
        elif days > _SHORT:
            every = [
                datetime(year, month, 1, tzinfo=UTC)
                for year in self._years()
                for month in range(1, 13)
            ]
            form = "%Y-%m"
        else:
            midnight = self.first.replace(hour=0, minute=0, second=0, microsecond=0)
            every = [midnight + timedelta(days=day) for day in range(1, days + 2)]
            form = "%Y-%m-%d"
        within = [one for one in every if self.first <= one <= self.last]
        step = -(-len(within) // MOST_TICKS) or 1
        return [(one, one.strftime(form)) for one in within[::step]]

    def _years(self) -> range:
        return range(self.first.year, self.last.year + 1)


def axis_of(moments: Sequence[datetime], left: float, right: float) -> Axis:
    """Return the axis on which all these moments stand; it is a day long at least."""
    first, last = min(moments), max(moments)
    span = max(last - first, timedelta(days=1))
    return Axis(first - span * _MARGIN, last + span * _MARGIN, left, right)
