"""Sending: what is asked of a service that vouches for the log, by the case's exit and guard."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sousveil.capture.http.post import post
from sousveil.capture.http.transfer import WireSettings
from sousveil.case import Case
from sousveil.errors import LogError


@dataclass(frozen=True, slots=True)
class Outside:
    """What it needs of the world."""

    clock: Callable[[], datetime]
    stop: threading.Event = field(default_factory=threading.Event)  # once set, who is asked is left
    # Entered while something is stored: nobody waits for a service far away to write to a case.
    turn: Callable[[], AbstractContextManager[None]] = nullcontext


def send(
    case: Case,
    url: str,
    body: bytes | None,
    media_type: str,
    outside: Outside,
    *,
    seconds: float,
    max_bytes: int,
) -> tuple[int, bytes]:
    """Post `body` to a service, or with None just ask it; return status and body of its answer.

    Raises LogError, with the reason, when there is no answer within `seconds`, or one of more than
    `max_bytes`; InterruptedError once `outside.stop` is set.
    """
    settings = case.settings
    wire = WireSettings(
        user_agent=settings.user_agent, max_body_bytes=max_bytes, total_seconds=seconds
    )
    with TemporaryDirectory(prefix="sousveil-") as folder:
        sent = post(
            url,
            body,
            media_type,
            settings=wire,
            allowed=settings.allow_hosts,
            folder=Path(folder),
            clock=outside.clock,
            exit_=settings.exits[settings.exit] if settings.exit else None,
            stop=outside.stop,
        )
        answer = sent.body.read_bytes() if sent.body is not None else b""
    if sent.failure is not None:
        raise LogError(f"{sent.failure.message}.")
    return sent.status or 0, answer  # what did not fail has a status
