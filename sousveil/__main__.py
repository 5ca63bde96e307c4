"""`python -m sousveil` is the `sousveil` command."""

from sousveil.cli import main

if __name__ == "__main__":
    main()
