"""What the pages show, as ready frames: one file a page."""
