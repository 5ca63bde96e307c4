"""Views: what a case holds as pictures, where people would rather look than read.

Each module makes, from findings, fates and facts, the values of one view and its drawing: SVG that
runs no script, with a table of the same numbers and a link from each mark to its evidence. Pure.
"""
