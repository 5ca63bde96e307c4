"""How the documentation's site is built: `make docs`."""

from sousveil import __version__

project = "sousveil"
copyright = "the authors of sousveil, Apache-2.0"  # noqa: A001  # Sphinx's name for it
release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = [
    "README.md",  # the same door, for who reads on a forge
    "worked-case/*",  # what the page of the worked case is made from
]
html_theme = "furo"
html_title = "sousveil"
html_copy_source = False  # no second copy of every page
html_show_sphinx = False
myst_heading_anchors = 4  # links to headings, as they work on forges
man_pages = [("reference/commands", "sousveil", "watches those who infer traits", "", 1)]
