"""`sousveil demo`: the whole story on one machine, offline; a fictitious vendor is its stage."""
