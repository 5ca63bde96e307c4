"""Word, Excel and PowerPoint files of before 2007, and WPS Office's, through LibreOffice.

Takes a file in the compound format (MS-CFB) and gives a `Document`. An installed LibreOffice turns
it into DOCX, XLSX or PPTX, which our own readers then read: it has fifteen years of their formats
in it, and we have none. It runs in a process group of its own, with bounds, with a profile that is
thrown away, and with macros, links and the network turned off as far as its settings go; that is no
sandbox, so it is told what LibreOffice it was. The same version gives the same text again.
"""

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sousveil.errors import ExtractError
from sousveil.extract.office.documents import read_office
from sousveil.model import Document

PROGRAM_VARIABLE = "SOUSVEIL_OFFICE"  # path of soffice, where it isn't found by itself
MAX_FILE_BYTES = 128 << 20  # of the file, and of what it becomes; a deck of pictures has 50 MB
MAX_SECONDS = 120  # by the clock and of the processor; 600 pages take 15
MAX_MEMORY_BYTES = 4 << 30  # of address space; LibreOffice maps 1.5 GB before it opens anything

_PROGRAMS = ("soffice", "libreoffice", "/Applications/LibreOffice.app/Contents/MacOS/soffice")
_CONFINED = Path(__file__).with_name("confined.py")
_NOWHERE = "http://127.0.0.1:9"  # the discard port: what would go out by a proxy ends here
_PASSWORD = "EncryptedPackage"  # noqa: S105  # the name of a stream, not a secret


@dataclass(frozen=True, slots=True)
class _Kind:
    stream: str  # MS-CFB keeps the names of a file's streams in UTF-16; this one tells what it is
    name: str
    suffix: str
    becomes: str
    read_as: str = ""  # LibreOffice's filter, where it would else take noise for a text


_KINDS = (
    _Kind("WordDocument", "a legacy Word document", "doc", "docx"),
    _Kind("Workbook", "a legacy Excel workbook", "xls", "xlsx", "MS Excel 97"),
    _Kind("PowerPoint Document", "a legacy PowerPoint file", "ppt", "pptx"),
    _Kind("Book", "a legacy Excel workbook", "xls", "xlsx", "MS Excel 95"),  # Excel 5 and 95
)

_SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),  # none but signed and trusted
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Misc", "CollectUsageInformation", "false"),
    ("Office.Common/Misc", "CrashReport", "false"),
    ("Office.Writer/Content/Update", "Link", "2"),  # never
    ("Office.Calc/Content/Update", "Link", "2"),
    ("Inet/Settings", "ooInetProxyType", "1"),  # by hand, to nowhere
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)


def read_legacy(payload: bytes, name: str) -> Document:
    """Return the text of a legacy office file; `through` tells by which LibreOffice.

    Raises ExtractError where there is no LibreOffice, for a file that it cannot read within the
    limits, for one with a password, and for a compound file that is no office document.
    """
    kind = _kind(payload)
    if isinstance(kind, str):
        raise ExtractError(f"{name}: text of {kind} is not extracted; the capture itself is kept")
    program = _program()
    if program is None:
        raise ExtractError(
            f"{name}: text not extracted: it is {kind.name}, which is read through LibreOffice, and"
            " none is installed. Install it (Debian: libreoffice-writer-nogui, -calc-nogui and"
            f" -impress-nogui) or name its program in {PROGRAM_VARIABLE}, and analyse again;"
            " the capture itself is kept"
        )
    try:
        if len(payload) > MAX_FILE_BYTES:
            raise _refused(f"it is larger than {MAX_FILE_BYTES >> 20} MB")
        converted = _convert(program, payload, kind)
        document = read_office(converted, name)
        if document is None:
            raise _refused("LibreOffice made no document of it")
    except ExtractError as error:
        told = str(error).removeprefix(f"{name}: ")
        raise ExtractError(f"{name}: as {kind.name}: {told}") from error
    return replace(document, through=_version(program))


def _kind(payload: bytes) -> _Kind | str:
    """Return what the file is; in words, what is no office document that can be read."""
    if _PASSWORD.encode("utf-16-le") in payload:
        return "an office document with a password"
    for kind in _KINDS:
        if f"{kind.stream}\0".encode("utf-16-le") in payload:
            return kind
    return "a file in Microsoft's old compound format"


def _program() -> str | None:
    """Return the path of LibreOffice's program; None when it isn't there."""
    named = os.environ.get(PROGRAM_VARIABLE)
    for candidate in (named,) if named else _PROGRAMS:
        if found := shutil.which(candidate):
            return found
    return None


def _convert(program: str, payload: bytes, kind: _Kind) -> bytes:
    """Return what LibreOffice makes of the file; raises ExtractError when that is nothing."""
    with tempfile.TemporaryDirectory(prefix="sousveil-office-") as folder:
        source = Path(folder, f"document.{kind.suffix}")
        source.write_bytes(payload)
        read_as = [f"--infilter={kind.read_as}"] if kind.read_as else []
        task = ["--convert-to", kind.becomes, "--outdir", f"{folder}/out", str(source)]
        _run(program, Path(folder), [*read_as, *task])
        made = Path(folder, "out", f"document.{kind.becomes}")
        if not made.is_file():
            raise _refused("LibreOffice could not open it: it is damaged, or needs a password")
        if made.stat().st_size > MAX_FILE_BYTES:
            raise _refused(f"LibreOffice made more than {MAX_FILE_BYTES >> 20} MB of it")
        return made.read_bytes()


@functools.cache
def _version(program: str) -> str:
    """Return what the program calls itself: "LibreOffice 7.4.7.2"."""
    with tempfile.TemporaryDirectory(prefix="sousveil-office-") as folder:
        told = _run(program, Path(folder), ("--version",))
    found = re.search(r"LibreOffice(?:Dev)? \d[\w.]*", told)
    return found[0] if found else "LibreOffice of an unknown version"


def _run(program: str, folder: Path, arguments: Sequence[str]) -> str:
    """Run LibreOffice with `folder` for all that it writes, and return its standard output."""
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")
    with subprocess.Popen(
        [
            *(sys.executable, "-I", str(_CONFINED)),
            *(str(MAX_MEMORY_BYTES), str(MAX_SECONDS), str(MAX_FILE_BYTES)),
            *(program, "--headless", "--norestore", "--nolockcheck", "--nologo", "--nodefault"),
            *("--nofirststartwizard", f"-env:UserInstallation={profile.parent.as_uri()}"),
            *arguments,
        ],
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=MAX_SECONDS)
        except subprocess.TimeoutExpired:
            raise _refused(f"LibreOffice did not read it within {MAX_SECONDS} seconds") from None
        finally:
            with suppress(ProcessLookupError):  # all of the group has ended
                os.killpg(process.pid, signal.SIGKILL)
    return output.decode("utf-8", "replace")


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment that tells nothing of ours, and no way out."""
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"), _NOWHERE)
    home = dict.fromkeys(("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"), str(folder))
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",  # no display
        **proxies,
        **home,
    }


def _registry() -> str:
    """Return the profile's settings in LibreOffice's own form."""
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, name, value in _SETTINGS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><oor:items'
        ' xmlns:oor="http://openoffice.org/2001/registry">'
        f"{items}</oor:items>"
    )


def _refused(why: str) -> ExtractError:
    return ExtractError(f"{why}, so it is not read; the capture itself is kept")
