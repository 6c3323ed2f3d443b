"""How long work tells where it is."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with what is being done, for people, and the share that is done (0 … 1)."""
