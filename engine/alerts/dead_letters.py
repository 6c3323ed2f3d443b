"""Dead letters: messages that nothing could read wait for somebody to repair them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from engine.alerts.finding import findings
from engine.alerts.limits import Limits


def dead_letters(queues: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Find queues with dead letters.

    Parameters
    ----------
    queues : DataFrame
        source (queue), letters (count), money [money]: at risk on the lines that they name, as far as known.
    limits : Limits

    Returns
    -------
    DataFrame
        `engine.alerts.finding.COLUMNS`; size is the number of letters.
    """
    return findings(
        "dead_letters",
        queues["money"].to_numpy(dtype=np.float64),
        queues["letters"].to_numpy(dtype=np.float64),
        limits,
    )


def words(row: Mapping[str, Any]) -> tuple[str, str]:
    """Say how many wait in which queue, and why the first does."""
    count = int(row["letters"])
    many = "1 message" if count == 1 else f"{count:,} messages"
    reason = f": {row['reason']}" if row.get("reason") else ""
    cause = f"{many} of queue {row['source']} could not be read{reason}".rstrip(".") + "."
    return cause, "Repair and replay them, or discard them with a reason."
