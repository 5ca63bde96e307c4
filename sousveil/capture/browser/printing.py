"""Prints a page of ours to PDF, with the browser that also captures.

Takes a local HTML file and gives the bytes of a PDF with its links, its outline and its fonts. The
browser reaches no network: its proxy is nobody. For pages we wrote, never for captured ones.
"""

import asyncio
import base64
from pathlib import Path

from sousveil.capture.browser import process
from sousveil.capture.browser.cdp import Connection
from sousveil.errors import BrowserError

# A dossier of a thousand pictures takes half a minute on a slow machine.
PRINT_SECONDS = 180


def print_page(program: Path, page: Path) -> bytes:
    """Return the local file `page` as PDF, printed by the browser `program`.

    Raises BrowserError when the browser cannot be started, is gone, or takes too long.
    """
    try:
        return asyncio.run(_print(program, page.resolve().as_uri()))
    except (OSError, TimeoutError) as error:
        raise BrowserError(
            f"{page}: {program} did not print it ({error or 'no answer in time'})."
            " Open the page in a browser and print it there."
        ) from error


async def _print(program: Path, address: str) -> bytes:
    running = process.start(program)
    connection = await Connection.open(running.commands, running.answers)
    try:
        async with asyncio.timeout(PRINT_SECONDS):
            return await _printed(connection, address)
    finally:
        connection.close()
        await asyncio.to_thread(process.end, running)


async def _printed(connection: Connection, address: str) -> bytes:
    target = await connection.send("Target.createTarget", url="about:blank")
    attached = await connection.send(
        "Target.attachToTarget", targetId=target["targetId"], flatten=True
    )
    session, loaded = attached["sessionId"], asyncio.Event()

    def heard(_: str, event: str, __: object) -> None:
        if event == "Page.loadEventFired":
            loaded.set()

    connection.listen(session, heard)
    await connection.send("Page.enable", session)
    shown = await connection.send("Page.navigate", session, url=address)
    if "errorText" in shown:
        raise BrowserError(f"{address}: the browser cannot open it ({shown['errorText']}).")
    await loaded.wait()
    printed = await connection.send(
        "Page.printToPDF",
        session,
        preferCSSPageSize=True,
        printBackground=False,
        generateTaggedPDF=True,
        generateDocumentOutline=True,
    )
    return base64.b64decode(printed["data"])
