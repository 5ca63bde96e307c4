"""Repair: a case brought into order after an accident, nothing deleted.

repair.py is the whole of it, step by step; log.py, work.py, events.py and index.py are the steps,
at a common bench.py.
"""

from sousveil.run.repair.repair import Repaired, repair

__all__ = ["Repaired", "repair"]
