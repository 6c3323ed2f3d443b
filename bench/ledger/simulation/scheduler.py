"""Processes that take turns: who goes next is drawn from a seed, so a run can be repeated to the step."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from greenlet import getcurrent, greenlet


class Crash(BaseException):
    """The process is killed here; nothing of its memory is left."""


class Scheduler:
    """Runs processes one step at a time; code between two steps is never interrupted."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.steps = 0
        self._main = getcurrent()
        self._ready: list[greenlet] = []

    def spawn(self, work: Callable[[], None]) -> None:
        """Add a process."""
        self._ready.append(greenlet(work, self._main))

    def step(self) -> None:
        """Let others go first: a process calls this before each request."""
        self.steps += 1
        if getcurrent() is not self._main:
            self._main.switch()

    def run(self) -> None:
        """Run until every process has ended."""
        ready, draw = self._ready, self.random.random
        while ready:
            turn = int(draw() * len(ready))
            process = ready[turn]
            process.switch()
            if process.dead:
                del ready[turn]
