"""What the engine raises."""


class EngineError(ValueError):
    """An argument breaks its contract; the message names the argument, the value and the rule."""
