"""Facts beside claims: who buys what, figures, documents, statements, read out of extracted text.

Pure: text in, readings with spans out (`notices.projects`, `reader.beside`). What a reading
becomes, a candidate or an entry of the log, is decided elsewhere.
"""
