"""What changed at a target between two looks, from the case's own captures.

`looks.py` tells which two, `difference.py` reads and compares them, `screens.py` compares their
screenshots, `page.py` writes the result as one HTML file and `form.py` as JSON.
"""
