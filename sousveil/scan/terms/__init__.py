"""Whether a term of some topics can be read in the bytes of a page, at the speed of inflating."""

from sousveil.scan.terms.matcher import Matcher, matcher

__all__ = ["Matcher", "matcher"]
