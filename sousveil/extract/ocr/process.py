"""Asks the process that reads pictures, and keeps it for the next one.

Takes a picture's or a PDF's bytes, gives what was read (`answers.py`). A process that hangs or
crashes on a hostile file is ended, and the next picture gets a new one; every failure is an
ExtractError. What was just read is remembered: finding, judging and verifying read a document
several times, and a page takes seconds.
"""

import hashlib
import subprocess
import sys
import threading
from collections import OrderedDict
from importlib.util import find_spec
from typing import IO

import msgspec

from sousveil.errors import ExtractError
from sousveil.extract.ocr.answers import (
    FRAME,
    LENGTH,
    MAX_BYTES,
    MAX_SECONDS,
    Answer,
    Picture,
    Refusal,
    Task,
)

MAX_REMEMBERED = 500  # pages and pictures, some 20 KB each
NOT_INSTALLED = "text of pictures is not read: install sousveil[ocr]"

_WORKER = (sys.executable, "-P", "-m", "sousveil.extract.ocr.worker")


def installed() -> bool:
    """Return whether the extra `ocr` is there."""
    return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))


class Recogniser:
    """The process, started when first needed, and the answers it gave last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # one picture at a time: it uses all the threads it may
        self._process: subprocess.Popen[bytes] | None = None
        self._known: OrderedDict[tuple[bytes, int | None], Answer] = OrderedDict()

    def read(self, payload: bytes, name: str, page: int | None = None) -> Picture:
        """Return what is read of a picture, or of a page of a PDF, from 1.

        Raises ExtractError without the extra `ocr`, and for what is damaged, beyond the limits of
        `answers.py`, or breaks the process.
        """
        if not installed():
            raise ExtractError(f"{name}: {NOT_INSTALLED}; the capture itself is kept")
        if len(payload) > MAX_BYTES:
            raise _refused(name, f"its {len(payload)} bytes are more than the {MAX_BYTES} read")
        key = (hashlib.sha256(payload).digest(), page)
        with self._lock:
            answer = self._known.get(key) or self._ask(Task(page), payload, name)
            self._known[key] = answer
            self._known.move_to_end(key)
            while len(self._known) > MAX_REMEMBERED:
                self._known.popitem(last=False)
        if isinstance(answer, Refusal):
            raise _refused(name, answer.reason)
        return answer

    def close(self) -> None:
        """End the process; the next picture starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, task: Task, payload: bytes, name: str) -> Answer:
        for _ in range(2):  # an idle process may have ended itself just now
            process = self._running()
            timer = threading.Timer(MAX_SECONDS, process.kill)
            timer.start()
            try:
                return _exchange(process, task, payload)
            except (BrokenPipeError, EOFError, msgspec.MsgspecError) as error:
                timed_out = not timer.is_alive()
                self.close()
                if timed_out:
                    raise _refused(name, f"it was not read within {MAX_SECONDS} seconds") from error
                if process.returncode != 0:
                    break
            finally:
                timer.cancel()
        raise _refused(name, "the reader of pictures broke on it, or ran out of its memory")

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                _WORKER,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process


def _exchange(process: "subprocess.Popen[bytes]", task: Task, payload: bytes) -> Answer:
    if process.stdin is None or process.stdout is None:
        raise BrokenPipeError
    asked = msgspec.json.encode(task)
    process.stdin.write(FRAME.pack(len(asked), len(payload)))
    process.stdin.write(asked)
    process.stdin.write(payload)
    process.stdin.flush()
    (length,) = LENGTH.unpack(_exactly(process.stdout, LENGTH.size))
    answer: Answer = msgspec.json.decode(_exactly(process.stdout, length), type=Answer)
    return answer


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _refused(name: str, reason: str) -> ExtractError:
    return ExtractError(f"{name}: the picture is not read: {reason}; the capture itself is kept")


recogniser = Recogniser()
