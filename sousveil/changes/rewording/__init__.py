"""Rewording: whether a vanished sentence still stands in other words, and in which."""

from sousveil.changes.rewording.pieces import Pair
from sousveil.changes.rewording.rewording import Rewording, find_rewording
from sousveil.changes.rewording.swaps import Swap

__all__ = ["Pair", "Rewording", "Swap", "find_rewording"]
