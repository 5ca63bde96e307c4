"""Shows the pages in a WACZ file, in your own browser and with the network off."""

__version__ = "0.1.0"
