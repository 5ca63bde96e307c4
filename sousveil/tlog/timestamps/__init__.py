"""Time stamps: others' word that the log existed by a certain time (RFC 3161, RFC 5816).

`token` asks for a stamp and checks what came, `openssl` reads what is not in strict DER, `chain`
leads from an authority's certificate to its root, `files` is the folder they are kept in, and
`audit` holds all of it against the log, offline. `ots` and `blocks` read proofs that lead into a
block of Bitcoin (OpenTimestamps), `anchors` keeps those and holds them against the log.
"""
