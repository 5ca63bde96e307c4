"""One address over the wire, byte for byte."""
