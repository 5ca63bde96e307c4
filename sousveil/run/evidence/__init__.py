"""Verifies the evidence of a case: events in one pass, archive files meanwhile, on all cores.

`entries` holds the events against the log, `promises` keeps which files that names, `archives`
reads those by the processes of `pool`, and `findings` holds the index against all of it; `single`
checks what one finding rests on. `run/verify.py` calls them in their order.
"""
