"""Objects in memory that behave as S3 does: paged lists, crashes around a request, answers that get lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.ledger.simulation.scheduler import Crash, Scheduler
from data_lake.errors import LakeUnavailable, NoSuchObject


@dataclass(frozen=True)
class Faults:
    """How often things go wrong, per request."""

    crash: float = 0.0
    """Killed before the effect, and as often after it."""
    lost: float = 0.0
    """The effect is there, the answer is not; as often the request is refused and has no effect."""
    mistaken: float = 0.0
    """The answer says that the object exists already, and it does not."""
    page: int = 1000
    """Names in one page of a list; each page is a request of its own."""


NO_FAULTS = Faults()


@dataclass
class Bucket:
    """What all processes share."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)


class SimulatedObjects:
    """The bucket as one process sees it."""

    at_once = 1
    """A process waits for each answer."""

    def __init__(self, bucket: Bucket, scheduler: Scheduler, faults: Faults = NO_FAULTS) -> None:
        self.bucket = bucket
        self.scheduler = scheduler
        self.faults = faults

    def put_new(self, key: str, body: bytes) -> bool:
        """Create an object; an answer lost on the way is asked again by the client, or given up."""
        self._before()
        if self.faults.mistaken and self.scheduler.random.random() < self.faults.mistaken:
            self.bucket.happened["mistaken"] += 1
            return False
        bodies = self.bucket.bodies
        new = key not in bodies
        if new:
            bodies[key] = body
        return self._after() and new

    def get(self, key: str) -> bytes:
        """Return an object."""
        self._before()
        body = self.bucket.bodies.get(key)
        if body is None:
            self.bucket.happened["gone"] += 1
            raise NoSuchObject(key)
        return body

    def list(self, prefix: str, *, start_after: str = "") -> list[str]:
        """Return names page by page: what changes between two pages is seen or not, as it falls."""
        page, names, after = self.faults.page, [], start_after
        while True:
            self._before()
            found = sorted(key for key in self.bucket.bodies if key > after and key.startswith(prefix))[:page]
            names += found
            if len(found) < page:
                return names
            after = found[-1]

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, one after the other."""
        for key in keys:
            self._before()
            self.bucket.bodies.pop(key, None)
            self._after()

    def _before(self) -> None:
        self.scheduler.step()
        faults, draw = self.faults, self.scheduler.random.random
        if faults.crash and draw() < faults.crash:
            self.bucket.happened["crash"] += 1
            raise Crash
        if faults.lost and draw() < faults.lost:
            self.bucket.happened["refused"] += 1
            raise LakeUnavailable("try again later")

    def _after(self) -> bool:
        """Return False if the client asked again after a lost answer."""
        faults, draw = self.faults, self.scheduler.random.random
        if faults.crash and draw() < faults.crash:
            self.bucket.happened["crash after the effect"] += 1
            raise Crash
        if faults.lost and draw() < faults.lost:
            self.bucket.happened["answer lost"] += 1
            if draw() < 0.5:
                raise LakeUnavailable("the answer did not come")
            return False
        return True
