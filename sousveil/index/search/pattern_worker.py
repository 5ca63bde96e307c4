"""Runs a regular expression over texts, in a process of its own that may be ended at any time.

Python's `re` may take exponential time on a hostile pattern, and cannot be stopped from within.
Standard input: the patterns, as a list of JSON on the first line, then a text on each. Standard
output, for each text that all of them match: a line with its number, from 0, and the spans of what
matches; and "null" at the end.
"""

import json
import re
import sys
from itertools import islice

MAX_SPANS = 20  # of one text that are told


def main() -> None:
    """Answer for each line of standard input."""
    patterns = [re.compile(one, re.IGNORECASE) for one in json.loads(sys.stdin.readline())]
    for number, line in enumerate(sys.stdin):
        text = json.loads(line)
        found = [
            [match.span() for match in islice(pattern.finditer(text), MAX_SPANS) if match.group()]
            for pattern in patterns
        ]
        if all(found):
            print(json.dumps([number, *(span for spans in found for span in spans)]), flush=True)
    print("null", flush=True)


if __name__ == "__main__":
    main()
