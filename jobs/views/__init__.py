"""Ready frames for the dashboard: each view reads one run and returns what a page lays out."""
