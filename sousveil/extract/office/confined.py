"""Starts another program with bounds on its memory, time and files; run as a script.

`python confined.py MEMORY_BYTES SECONDS FILE_BYTES PROGRAM [ARGUMENT…]`: sets the limits on itself
and becomes the program (setrlimit(2), execve(2)). The parent cannot set them for a child of its
own without running code between fork and exec, which is not safe beside threads.
"""

import os
import resource
import sys

_LIMITS = (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)


def main() -> None:
    """Set the limits and become the program."""
    for limit, value in zip(_LIMITS, sys.argv[1:], strict=False):
        resource.setrlimit(limit, (int(value), int(value)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    command = sys.argv[1 + len(_LIMITS) :]
    os.execv(command[0], command)  # noqa: S606  # no shell: arguments are a list, as for S603


if __name__ == "__main__":
    main()
