"""The desk's pages: each module has ROUTES, and `web/app.py` collects them."""
