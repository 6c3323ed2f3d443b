"""Re-planning of what changed, acts of people, dropped files, and the schedules of planning."""
