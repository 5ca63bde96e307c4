"""JSON: the one form that the command line, the desk, the dossier and pipelines share.

Times are RFC 3339 in UTC with "Z". What is empty is left out, never null.
"""

from sousveil.jsonform.facts import fact_json, fact_told_json
from sousveil.jsonform.findings import finding_json
from sousveil.jsonform.happenings import happening_json
from sousveil.jsonform.hits import hit_json
from sousveil.jsonform.values import instant

__all__ = [
    "fact_json",
    "fact_told_json",
    "finding_json",
    "happening_json",
    "hit_json",
    "instant",
]
