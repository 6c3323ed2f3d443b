"""What every channel raises when something could not be delivered."""

from __future__ import annotations


class DeliveryError(Exception):
    """It was not delivered; the message says why and what to check. Trying again later may help."""

    def __init__(self, reason: str, *, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable
        """The server does not answer, or is not well: whatever else goes there now will fail too."""
