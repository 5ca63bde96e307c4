"""Leaks: whether an output tells of the people behind it what they did not mean to tell.

Takes a finished package, or the folder of a dossier, and what is private (`private.py`), and gives
each place where that stands. Looks at what will be handed out, byte by byte and unpacked, however
it came there. Two things are told apart:

- what *we* add (records of requests, events, what a package says of itself) may hold nothing
  private, no path of a computer, no private address, and no cookie or credential that we sent;
- what *others* published is evidence. A page may name the operator, and print any address; that is
  told, not held against the package, for nobody could hand on such a page otherwise.

A name in another script than it is searched for in, in a picture, or said in other words, is not
found; nor is what a server made of us and sent back.

`outputs` goes through what is handed out, `records` through an archive file, `words` through texts.
"""

from sousveil.run.publish.leaks.leak import Leak, Wanted, judged, wanted_of
from sousveil.run.publish.leaks.outputs import in_bag, in_folder, in_package
from sousveil.run.publish.leaks.records import decoded
from sousveil.run.publish.leaks.words import THEIRS, in_strings, strings

__all__ = [
    "THEIRS",
    "Leak",
    "Wanted",
    "decoded",
    "in_bag",
    "in_folder",
    "in_package",
    "in_strings",
    "judged",
    "strings",
    "wanted_of",
]
