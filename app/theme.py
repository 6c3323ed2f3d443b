"""Colours of charts in the light and the dark theme; `.streamlit/config.toml` has those of all else."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Palette:
    """Colours by meaning, so that a colour says the same thing on every page."""

    text: str
    muted: str
    grid: str
    past: str
    """What happened."""
    forecast: str
    band: str
    stock: str
    """Stock if nothing is ordered."""
    ordered: str
    """Stock with the proposed order."""
    good: str
    bad: str
    changed: str
    """What a planner tries or changed."""
    changed_band: str

    @property
    def colorway(self) -> list[str]:
        """Series colours in order: the theme's categorical colours do not reach a Plotly figure."""
        return [self.forecast, self.stock, self.ordered, self.changed, self.bad, self.past]


LIGHT = Palette(
    text="#0A121C",
    muted="#4A5768",
    grid="#E3E9F0",
    past="#56657A",
    forecast="#0B5A9D",
    band="rgba(11, 90, 157, 0.16)",
    stock="#B45309",
    ordered="#0F766E",
    good="#13703A",
    bad="#B42318",
    changed="#6D3BC4",
    changed_band="rgba(109, 59, 196, 0.13)",
)
DARK = Palette(
    text="#F4F7FA",
    muted="#A9B7C6",
    grid="#223143",
    past="#9FB0C3",
    forecast="#6CB6FF",
    band="rgba(108, 182, 255, 0.20)",
    stock="#F5A524",
    ordered="#3FC9B0",
    good="#5FD38D",
    bad="#F97066",
    changed="#B79CFF",
    changed_band="rgba(183, 156, 255, 0.18)",
)


def palette() -> Palette:
    """Return the colours of the theme that the browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT
