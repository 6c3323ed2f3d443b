"""Ends processes whose parent was killed: a script of its own that reads `+pid` and `-pid`, a line each.

When its standard input ends, the parent is gone, however it went; what is still listed is killed with all it
started. Standard library only, and imports nothing of Shelfcast.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys


def main() -> None:
    """Keep the list until the parent is gone, then end what is on it."""
    groups: set[int] = set()
    for line in sys.stdin:
        sign, group = line[0], int(line[1:])
        (groups.add if sign == "+" else groups.discard)(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
