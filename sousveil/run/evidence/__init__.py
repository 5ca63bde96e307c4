"""Verifies the evidence of a case: events in one pass, archive files on all cores.

`entries` holds the events against the log, `promises` keeps which files that names, and `archives`
reads those. `run/verify.py` calls them in their order.
"""
