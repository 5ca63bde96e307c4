"""What happens to a thousand targets in ninety days, and what the watch must make of it.

Targets stand ten to a host. A host has a fate of its own for some of the time (an outage, a wall),
a target another for good or for a while. Everything follows from a target's number, so that who
serves, who watches and who checks agree without a word.
"""

import random
from dataclasses import dataclass
from functools import cache

HOUR = 3600.0
DAY = 24 * HOUR
DAYS = 90
TARGETS = 1_000
A_HOST = 10  # targets

# A sentence each that claims something; {} is a product's name, all of them our own inventions.
CLAIMS = (
    "The {} camera determines the ethnicity of every passer-by and raises an alarm for Uyghurs.",
    "{} 摄像机可以识别行人的民族，发现维吾尔族人员时自动报警。",
    "Камера {} определяет этническую принадлежность прохожих и распознаёт уйгуров.",
    "Die Kamera {} erkennt die ethnische Herkunft von Passanten und meldet Uiguren.",
    "La caméra {} détermine l'origine ethnique des passants et signale les Ouïghours.",
)
REWORDED = (
    "The {} camera determines the complexion of each passer-by and raises an alarm for minorities.",
    "{} 摄像机可以识别行人的肤色，发现少数人员时自动报警。",
    "Камера {} определяет цвет кожи прохожих и распознаёт меньшинства.",
    "Die Kamera {} erkennt die Hautfarbe von Passanten und meldet Minderheiten.",
    "La caméra {} détermine la couleur de peau des passants et signale les minorités.",
)

# What a host does for a while: (name, longest in days)
HOST_TROUBLES = {"outage": 6.0, "errors": 4.0, "wall": 20.0, "hang": 1.5, "refused": 9.0}
# What becomes of a target; those that leave do so for good on one day.
ENDS = ("gone 404", "gone 410", "soft 404", "sent home", "taken out", "reworded")
WHILES = ("away and back", "flapping", "cut short", "login wall", "new design", "other edit")
SHARES = {"steady": 40, **dict.fromkeys(ENDS, 5), **dict.fromkeys(WHILES, 5)}


@dataclass(frozen=True, slots=True)
class Spell:
    """Something that lasts from `start` to `end`, in seconds since the first day."""

    what: str
    start: float
    end: float

    def holds(self, at: float) -> bool:
        """Tell whether it is so at a time."""
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Target:
    """One target and all that happens to it."""

    number: int
    claim: str
    reworded: str
    story: str
    spells: tuple[Spell, ...]

    @property
    def host(self) -> int:
        """The number of its host."""
        return self.number // A_HOST

    @property
    def path(self) -> str:
        """Its path."""
        return f"/products/item-{self.number}.html"

    @property
    def left_at(self) -> float | None:
        """When its claim left for good; None when it stands to the end."""
        return self.spells[0].start if self.story in ENDS else None


@cache
def target(number: int) -> Target:
    """Return target `number`, 0 to TARGETS - 1."""
    chance = random.Random(f"target {number}")  # noqa: S311  # a script, no secret
    story = chance.choices(list(SHARES), list(SHARES.values()))[0]
    name = f"Nebelkamm-{number}"
    language = number % len(CLAIMS)
    return Target(
        number,
        CLAIMS[language].format(name),
        REWORDED[language].format(name),
        story,
        tuple(_spells(story, chance)),
    )


def _spells(story: str, chance: random.Random) -> list[Spell]:
    end = (DAYS + 1) * DAY
    if story in ENDS:
        return [Spell(story, chance.uniform(8, 65) * DAY, end)]
    if story == "away and back":  # long enough to be believed
        start = chance.uniform(8, 40) * DAY
        return [Spell("gone 404", start, start + chance.uniform(14, 20) * DAY)]
    if story == "flapping":  # shorter than any absence that is believed
        starts = [chance.uniform(6 + 10 * n, 12 + 10 * n) * DAY for n in range(8)]
        return [Spell("gone 404", at, at + chance.uniform(1, 30) * HOUR) for at in starts]
    if story in {"cut short", "login wall"}:
        start = chance.uniform(8, 50) * DAY
        return [Spell(story, start, start + chance.uniform(2, 25) * DAY)]
    if story in {"new design", "other edit"}:
        return [Spell(story, chance.uniform(8, 65) * DAY, end)]
    return []


@cache
def host_spells(host: int) -> tuple[Spell, ...]:
    """Return the troubles of a host, none of them in the first five days or the last five."""
    chance = random.Random(f"host {host}")  # noqa: S311  # a script, no secret
    spells = []
    for _ in range(chance.randrange(4)):
        what = chance.choice(list(HOST_TROUBLES))
        start = chance.uniform(5, DAYS - 30) * DAY
        length = chance.uniform(1 / 24, HOST_TROUBLES[what]) * DAY
        spells.append(Spell(what, start, start + length))
    return tuple(spells)


def now_of(number: int, at: float) -> str:
    """Return what a target does at a time: a host's trouble goes before its own."""
    one = target(number)
    for spell in (*host_spells(one.host), *one.spells):
        if spell.holds(at):
            return spell.what
    return "stands"
