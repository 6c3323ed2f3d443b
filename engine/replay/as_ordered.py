"""What was really ordered, on the day on which it was, whatever the stock of the game says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.replay.play import Game, Now, Played, play

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class AsOrdered:
    """Orders of the past, [n, T] units by the period in which they were placed."""

    quantity: Floats

    def __call__(self, now: Now) -> Floats:
        """Return the orders of the lines asked, of this period."""
        result: Floats = self.quantity[now.asked, now.period]
        return result

    def play(self, game: Game) -> Played:
        """Play the game with these orders: on the days on which they were placed, whatever the calendar.

        They arrive after the lead times drawn for the game, whole, as those of every other policy.
        """
        return play(replace(game, may_order=self.quantity > 0.0), self)
