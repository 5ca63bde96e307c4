"""Exports: a case, or a part of it, in the forms that others' tools read; `forms.py` lists them."""

from sousveil.run.publish.exports.wacz import export_wacz

__all__ = ["export_wacz"]
