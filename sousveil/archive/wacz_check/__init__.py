"""Checks a package of anybody's: whether a WACZ (1.1.1) is what it says of itself, byte for byte.

`container` reads the ZIP, `names` judges what its files are called, `manifest` holds them against
their digests, `records` reads every WARC record, `index` and `pages` are held against those, and
`told` keeps what was found. Nothing is unpacked to disk. Signatures are checked in `run/package`.
"""
