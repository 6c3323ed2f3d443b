"""One gradient-boosted model for all series of a panel."""
