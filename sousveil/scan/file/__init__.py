"""One archive file: what a scan reads of it, finds in it, and reports of it."""

from sousveil.scan.file.scan import scan_file
from sousveil.scan.file.values import FileReport, Job, Source, Span

__all__ = ["FileReport", "Job", "Source", "Span", "scan_file"]
