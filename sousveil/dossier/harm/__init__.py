"""Harm: what is left out of published pages so that no private person is told of.

patterns.py finds contacts in a text; marks.py holds what editors marked by hand; conceal.py takes
both out of all that a dossier or an export is made of; sentences.py refuses them in a person's own
text; remains.py tells what is left. No picture is looked into here or anywhere: which parts of one
are painted over, an editor says.
"""
