"""What if: sliders that change the terms of one line, and what the order would be then."""


def panel(line_id: str, currency: str) -> None:
    """Show the sliders of a line."""
    del line_id, currency
