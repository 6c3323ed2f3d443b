"""What a planner reads and clicks. Layout only: no arithmetic, no path, no storage."""
