"""From demand paths to explained order quantities."""
