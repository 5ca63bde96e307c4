"""Work that is killed amid what it does to files: at a call of `os`, or at the moment after it."""

import os
import signal
from collections.abc import Callable, Sequence
from typing import NoReturn

Arm = Callable[[], None]


def is_killed(stop: int, names: Sequence[str], work: Callable[[Arm], object]) -> bool:
    """Do work in a process of its own that is killed at a moment; return whether it was.

    Once the work has called what it is given, each call of one of the functions of `os` that are
    named has two moments, before and after it; `stop` counts them from 1. A failure of the work
    itself fails the test.
    """
    child = os.fork()
    if child == 0:
        _run(stop, names, work)
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status) == (status == 0), "the work failed instead of dying"
    return status != 0


def _run(stop: int, names: Sequence[str], work: Callable[[Arm], object]) -> NoReturn:
    moments = iter(range(1, 1_000_000))

    def deadly(function: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object, **named: object) -> object:
            _die_at(stop, next(moments))
            result = function(*arguments, **named)
            _die_at(stop, next(moments))
            return result

        return wrapped

    def arm() -> None:
        for name in names:
            setattr(os, name, deadly(getattr(os, name)))

    status = 1
    try:
        work(arm)
        status = 0
    finally:
        os._exit(status)


def _die_at(stop: int, moment: int) -> None:
    if moment == stop:
        os.kill(os.getpid(), signal.SIGKILL)
