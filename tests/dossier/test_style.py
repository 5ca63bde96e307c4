"""The style sheet's colours can be read: WCAG 2.2, success criteria 1.4.3 and 1.4.11."""

import re
from importlib.resources import files

import pytest

STYLE = files("sousveil.dossier").joinpath("templates/style.css").read_text("utf-8")

# Text, and what it is set on.
TEXT = [
    *((ink, paper) for paper in ("paper", "wash") for ink in ("ink", "soft", "link", "gone")),
    *((label, "paper") for label in ("offers", "reports", "denies", "discusses")),
    ("ink", "mark"),
    ("del-ink", "del"),
    ("ins-ink", "ins"),
]
SHAPES = [("mark-edge", "paper")]


def schemes() -> dict[str, dict[str, str]]:
    """Return the colours of the light and of the dark scheme, by name."""
    roots = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", root)) for root in roots[:2])
    return {"light": light, "dark": dark}


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_standard_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_of_level_aa(scheme: str) -> None:
    colours = schemes()[scheme]
    low = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in TEXT}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shapes_with_meaning_stand_out(scheme: str) -> None:
    colours = schemes()[scheme]
    assert all(contrast(colours[one], colours[other]) >= 3 for one, other in SHAPES)


def test_both_schemes_name_the_same_colours() -> None:
    light, dark = schemes().values()
    assert set(light) == set(dark)
