"""The doctor: whether this computer has what sousveil needs, and what to do where it does not."""

import importlib.util
import os
import shutil
import sqlite3
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import pycurl

from sousveil.capture.browser import find_browser
from sousveil.capture.git.run import require_git
from sousveil.errors import BrowserError, RepositoryError
from sousveil.settings import config_folder

FREE_BYTES = 2**30  # less than this is full after a few hundred pages with pictures


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str
    advice: str
    needed: bool = True  # False: the core does without it


def examine() -> list[Check]:
    """Look at everything; changes nothing."""
    return [
        _python(),
        _libcurl(),
        _sqlite(),
        _git(),
        _browser(),
        _ocr(),
        _office(),
        _openssl(),
        _keys(),
        _disk(),
    ]


def _python() -> Check:
    version = sys.version.split()[0]
    return Check("Python", sys.version_info >= (3, 11), version, "Install 3.11 or newer.")


def _libcurl() -> Check:
    return Check("libcurl", "libcurl" in pycurl.version, pycurl.version, "Install pycurl again.")


def _sqlite() -> Check:
    ok = sqlite3.sqlite_version_info >= (3, 37)  # STRICT tables
    return Check("SQLite", ok, sqlite3.sqlite_version, "Install Python with SQLite 3.37.")


def _git() -> Check:
    try:
        version = require_git()
    except RepositoryError as error:
        found = "repositories cannot be watched"
        return Check("git", ok=False, found=found, advice=str(error), needed=False)
    return Check("git", ok=True, found=version, advice="", needed=False)


def _browser() -> Check:
    try:
        program = find_browser()
    except BrowserError as error:
        found = "pages are kept as they come over the wire, not as they are shown"
        return Check("browser", ok=False, found=found, advice=str(error), needed=False)
    return Check("browser", ok=True, found=str(program), advice="", needed=False)


def _ocr() -> Check:
    ok = all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))
    found = "rapidocr" if ok else "text of pictures and scanned pages is not read"
    advice = "Run: pip install 'sousveil[ocr]'."
    return Check("OCR", ok, found, advice, needed=False)


def _office() -> Check:
    program = shutil.which("soffice") or shutil.which("libreoffice")
    found = program or "text of old Word, Excel and PowerPoint files is not read"
    return Check("LibreOffice", program is not None, found, "Install LibreOffice.", needed=False)


def _openssl() -> Check:
    path = shutil.which("openssl")
    advice = "Install OpenSSL: others can then check time stamps without sousveil."
    return Check("openssl", path is not None, path or "not found", advice, needed=False)


def _keys() -> Check:
    """Signing keys must be readable by their owner alone."""
    folder = config_folder() / "keys"
    loose = [
        path.name
        for path in (sorted(folder.glob("*.key")) if folder.is_dir() else [])
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    found = f"{folder}: {', '.join(loose)} open to others" if loose else str(folder)
    return Check("signing keys", not loose, found, "Run: chmod 600 on each of them.")


def _disk() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    writable = os.access(Path.cwd(), os.W_OK)
    found = f"{free / 2**30:.1f} GB free here" + ("" if writable else ", not writable")
    return Check("disk", free > FREE_BYTES, found, "Make room: captures need it.", needed=False)
