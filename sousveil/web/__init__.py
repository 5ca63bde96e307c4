"""The desk: where people who are no programmers read a case and decide on what was found.

Pages are rendered here, on this computer, and load nothing from elsewhere. `safety/` says who may
come in and what a page may do; `pages/` turns requests into questions to the index.
"""
