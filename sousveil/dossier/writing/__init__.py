"""Writing: a person's text on what a case has found, in which every statement cites its evidence.

parse.py takes the text apart into statements; rules.py holds each against what it cites;
pages.py makes it readable; errata.py tells what an edition says otherwise than those before.
"""
