"""Dossier: a report as static pages that need no server, no script and no network.

text.py makes captured text safe to show; wording.py holds our own words; compare.py sets before
beside after; view.py groups and counts; summary.py tells it in sentences; check.py says how to
check; pages.py renders; write.py puts a finished folder in place.
"""

from sousveil.dossier.write import write_dossier

__all__ = ["write_dossier"]
