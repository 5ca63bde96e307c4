"""Facts beside claims: who buys what, figures, documents, statements, read out of extracted text.

Pure: text in, readings with spans out (`read_facts`). What a reading becomes, a candidate or an
entry of the log, is decided elsewhere.
"""
