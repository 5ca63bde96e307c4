"""Review: what people decide on findings, in which order they are asked, and what is learnt.

decisions.py makes the event of a decision and tells what several decisions amount to; queue.py
orders what nobody has decided on; learn.py draws a case's own model from decisions, casemodel.py
writes it down; revisions.py tells what another engine makes of the findings.
"""
