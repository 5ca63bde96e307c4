"""Verifies a package, ours or anybody's.

`signed` tells by whom and since when, `logged` whether our log's proofs hold, `verify` runs all
checks, and `proved` says in words what they come to.
"""
