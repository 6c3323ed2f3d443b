"""What jobs raise when a request cannot be met; the message says what to change."""


class JobError(ValueError):
    """A request breaks its rules, or what it needs is not there. All faults at once, in a planner's words."""
