"""Demand behind stockouts: what would have sold, with its uncertainty (docs/methods/censored-demand.md)."""
