"""Who a claim is about, and who speaks.

Names, domains and accounts of makers are data (`vendors.toml`, a case's `actors.toml`, official
lists); `attribute` holds a finding against them and says what speaks for its answer.
"""

from sousveil.actors.attribute import attributed
from sousveil.actors.imprint import imprint_of
from sousveil.actors.register import Register
from sousveil.actors.sources import OfficialList, case_register, shipped_register

__all__ = [
    "OfficialList",
    "Register",
    "attributed",
    "case_register",
    "imprint_of",
    "shipped_register",
]
