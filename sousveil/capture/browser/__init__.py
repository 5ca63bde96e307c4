"""Browser capture: what a page shows to a visitor, and all that it asks for.

Takes an address and gives a `Rendered`: every exchange, layout, and picture. Chromium is driven
through the DevTools protocol over a pipe; no port is opened.
"""

from sousveil.capture.browser.browser import Browser
from sousveil.capture.browser.program import find_browser
from sousveil.capture.browser.settings import BrowserSettings, Rendered, Screenshot

__all__ = ["Browser", "BrowserSettings", "Rendered", "Screenshot", "find_browser"]
