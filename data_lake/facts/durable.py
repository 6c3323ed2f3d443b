"""Create content-named objects so that nothing goes on before they are there. Standard library only."""

from __future__ import annotations

from data_lake.errors import LakeUnavailable, NoSuchObject
from data_lake.objects import Objects

_ATTEMPTS = 5


def put_durably(objects: Objects, key: str, body: bytes) -> None:
    """Create an object whose name says what it holds; on return it was there.

    "It exists already" is the answer to one's own write whose acknowledgement got lost, to another's of the
    same content, and to a proxy that is mistaken. Messages are acknowledged and inputs deleted after this, so
    that answer is checked.

    Raises
    ------
    LakeUnavailable
        Storage cannot be reached, or says again and again that the object exists and that it does not.
    """
    for _ in range(_ATTEMPTS):
        if objects.put_new(key, body):
            return
        try:
            objects.get(key)
        except NoSuchObject:
            continue  # never there, or compacted meanwhile: then a copy does no harm
        return
    raise LakeUnavailable(f"cannot write {key}: storage says that it exists, and that it does not; try again")
