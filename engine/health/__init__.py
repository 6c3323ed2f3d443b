"""Data health: what is wrong with the data, which lines it holds, and what to do (DESIGN §8)."""

from engine.health.check import CHECKS, check, held_lines

__all__ = ["CHECKS", "check", "held_lines"]
