"""The course of looks: what they amount to, one after another.

`after` adds one look to a `Course`; a fold over recorded looks gives the same course for ever, in
time linear in their number. An absence is confirmed (`Proof`) when it was seen often enough over
long enough, and stays so until the page is seen again. What an outage, a wall or a cut answer lacks
never counts, and hardly the time they take: behind them the page may have been back.

How long is enough. Ten short answers of large sites were followed to the day the page was back:
they lasted 26 minutes to 36 hours, the one that said "404" among them 6 hours. An address that came
back before must stay away for twice as long as it did then, and for a look more each time.

By which clock. Ours may be put forward between two looks, so the host's is asked beside it, and the
less of what both say counts. A host may lie: what its clock takes away is bounded, so that nobody
keeps a removal from being told, and only has us look more often.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from sousveil.changes.answer.outcome import verdict_of_one
from sousveil.changes.answer.quote import Standing
from sousveil.changes.answer.values import Came, Kind
from sousveil.changes.looks import UNSURE
from sousveil.model import GONE, Verdict

SOON = timedelta(hours=48)  # longer than any; for answers that speak outright
LASTING = timedelta(hours=72)  # twice the longest
LONG = timedelta(days=7)  # for weak signs, or a host in trouble: every week has working days

# Looks that follow closer than this are one: they meet the same fault.
SPACING = timedelta(hours=1)

# Of the time between two absences with a silent answer among it, at most so much counts, that of an
# outage as most are; more, and the page may have come and gone unseen. Not nothing, or a removal on
# a host that fails every other time would never be told.
MAX_SILENT_GAP = timedelta(hours=6)

# Of the time between two absences that has not passed by the host's clock, at most so much counts.
# Ours, put forward once, then adds no more than this to a proof of days; a host that sends one date
# for ever delays nothing where it is looked at so often, which is what the schedule then does.
MAX_DISPUTED_GAP = timedelta(hours=6)

# Clocks that differ by less between two looks agree: those that nobody sets lose a second or two a
# day, and the servers that answer for one address may be minutes apart.
CLOCK_TOLERANCE = timedelta(minutes=15)

# An address that flaps is not waited for longer than this.
MAX_WAIT = timedelta(days=30)

# Nor for more looks than this beyond those of its proof, one for each time it came back.
MAX_MORE_LOOKS = 6

# Below this confidence of its answers an absence needs the weakest proof's time.
WEAK_CONFIDENCE = 0.65

# From here on an answer speaks outright: a 410, which says gone for good; a page of which half
# stands without the quote.
OUTRIGHT_CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Seen:
    """One look, as recorded."""

    at: datetime
    log_index: int  # looks count in the order of the log, whatever the clock said
    came: Came
    quote: Standing | None = None  # of the quote asked about, when the answer is the page
    exit: str = ""  # by which way out of the network; "" for the watch's own
    dated: datetime | None = None  # by the clock of the host; None: not told


@dataclass(frozen=True, slots=True)
class Proof:
    """What confirms an absence."""

    span: timedelta  # that the looks cover
    looks: int  # `SPACING` apart


# Three: of a host of two copies, one of them old, two looks meet the old one each fourth time.
_OUTRIGHT = Proof(SOON, 3)
_LASTING = Proof(LASTING, 3)
_WEAK = Proof(LONG, 4)
_PROOFS = {
    Kind.NOT_FOUND: _LASTING,
    Kind.SOFT_404: _LASTING,
    Kind.MOVED_NOTICE: _OUTRIGHT,  # somebody wrote it
    Kind.REDIRECTED_AWAY: _LASTING,
    Kind.OTHER_SITE: _WEAK,  # a new name of the same vendor, or a notice put there on the way
    Kind.PARKED: _WEAK,  # a lapsed domain is often renewed
}
STANDING = frozenset({Verdict.PRESENT, Verdict.MOVED})


@dataclass(frozen=True, slots=True)
class Absence:
    """Looks that show one absence: of the address, or of the quote in its page."""

    first: Seen
    last: Seen
    looks: int  # that count, `SPACING` apart
    covered: timedelta  # from the first to the last, but for what silent answers hid
    spaced: timedelta  # of that, from the first to the last that counted
    doubt: float  # chance, 0 to 1, that all of them err: each may, by itself
    proof: Proof  # what confirms it, by the strongest look: a weaker one takes nothing back
    is_hidden: bool = False  # whether a silent answer came since the last
    is_disputed: bool = False  # whether less time passed before the last by the host's clock

    def lacking(self, longest: timedelta, returns: int) -> tuple[int, timedelta]:
        """Return how many looks and how much time are lacking; 0 looks when it is confirmed.

        `longest` is the longest absence from which the page came back, `returns` how often it did:
        of a page that is sent in two variants, each look may meet either.
        """
        span = max(self.proof.span, min(2 * longest, MAX_WAIT))
        time = max(timedelta(), span - self.covered)
        looks = self.proof.looks + min(returns, MAX_MORE_LOOKS)
        counts = MAX_DISPUTED_GAP if self.is_disputed else max(time, SPACING)  # by one look
        return max(looks - self.looks, ceil(time / counts)), time


@dataclass(frozen=True, slots=True)
class Course:
    """What the looks so far amount to. All but the last two are since the page was last seen."""

    last_seen: Seen | None = None
    first_adverse: Seen | None = None
    last: Seen | None = None
    adverse: int = 0  # looks that did not see it
    silent: int = 0  # those of them that tell nothing
    of_address: Absence | None = None
    of_quote: Absence | None = None
    confirmed: Seen | None = None  # the last look with which an absence was confirmed
    confirmed_first: Seen | None = None  # the first one
    sureness: float = 1.0  # that what came as the page since is the page: of the least sure
    returns: int = 0  # how often the page came back
    longest: timedelta = timedelta()  # of the absences it came back from

    @property
    def stands(self) -> bool:
        """Whether the last look saw it."""
        return self.last is not None and self.last is self.last_seen

    @property
    def latest_absence(self) -> Absence | None:
        """The absence that was seen last, of the quote or of its address."""
        absences = [one for one in (self.of_address, self.of_quote) if one]
        return max(absences, key=lambda one: one.last.log_index, default=None)

    def absence_of(self, look: Seen) -> Absence | None:
        """Return the absence that a look belongs to."""
        return self.of_quote if look.came.is_page else self.of_address


def after(course: Course, look: Seen) -> Course:
    """Return the course after one more look."""
    verdict = verdict_of_one(look.came, look.quote)
    if verdict in STANDING:
        return _returned(course, look)
    course = replace(
        course,
        first_adverse=course.first_adverse or look,
        last=look,
        adverse=course.adverse + 1,
    )
    if look.came.is_page and look.came.confidence > UNSURE:
        # Each page is compared with the one before: after a wall that was taken for the page
        # written anew, the same wall is the page unchanged.
        course = replace(course, sureness=min(course.sureness, look.came.confidence))
        look = replace(look, came=replace(look.came, confidence=course.sureness))
    if verdict not in GONE or look.came.confidence <= UNSURE:
        return replace(
            course,
            silent=course.silent + 1,
            of_address=_hidden(course.of_address),
            of_quote=_hidden(course.of_quote),
        )
    absence = _lengthened(course.absence_of(look), look)
    if look.came.is_page:
        course = replace(course, of_quote=absence)
    else:
        course = replace(course, of_address=absence)
    if absence.lacking(course.longest, course.returns)[0]:
        return course
    return replace(course, confirmed=look, confirmed_first=course.confirmed_first or look)


def _returned(course: Course, look: Seen) -> Course:
    absences = [one for one in (course.of_address, course.of_quote) if one]
    away = [look.at - one.first.at for one in absences]
    return Course(
        last_seen=look,
        last=look,
        returns=course.returns + bool(away),
        longest=max([course.longest, *away]),
    )


def _hidden(absence: Absence | None) -> Absence | None:
    return replace(absence, is_hidden=True) if absence else None


def _lengthened(absence: Absence | None, look: Seen) -> Absence:
    proof, doubt = _proof_of(look.came), 1 - look.came.confidence
    if absence is None:
        return Absence(look, look, 1, timedelta(), timedelta(), doubt, proof)
    gap = _passed(absence.last, look)
    covered = absence.covered + (min(gap, MAX_SILENT_GAP) if absence.is_hidden else gap)
    # A clock that was ahead for a while has covered nothing.
    covered = max(timedelta(), min(covered, _at_most(absence.first, look)))
    absence = replace(
        absence,
        last=look,
        covered=covered,
        spaced=min(absence.spaced, covered),
        proof=min(absence.proof, proof, key=lambda one: (one.span, one.looks)),
        is_hidden=False,
        is_disputed=gap < look.at - absence.last.at,
    )
    if covered - absence.spaced < SPACING:
        return absence
    looks, doubt = absence.looks + 1, absence.doubt * doubt
    return replace(absence, spaced=covered, looks=looks, doubt=doubt)


def _passed(before: Seen, look: Seen) -> timedelta:
    """Return how much of the time between two looks counts; negative where our clock went back.

    The less of what the two clocks say, but what the host's takes away is bounded.
    """
    ours = look.at - before.at
    if before.dated is None or look.dated is None:
        return ours
    theirs = look.dated - before.dated
    if ours < timedelta():  # only the host's tells how long it was
        return max(timedelta(), min(theirs, MAX_DISPUTED_GAP))
    if ours - theirs <= CLOCK_TOLERANCE:
        return ours
    return min(ours, max(theirs, MAX_DISPUTED_GAP))


def _at_most(first: Seen, look: Seen) -> timedelta:
    """Return the longest time between two looks that either clock tells."""
    ours = look.at - first.at
    if first.dated is None or look.dated is None:
        return ours
    return max(ours, look.dated - first.dated)


def _proof_of(came: Came) -> Proof:
    if came.confidence < WEAK_CONFIDENCE:
        return _WEAK
    if came.confidence >= OUTRIGHT_CONFIDENCE and (came.is_page or came.kind is Kind.NOT_FOUND):
        return _OUTRIGHT
    return _PROOFS.get(came.kind, _LASTING)
