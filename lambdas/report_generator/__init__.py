"""Reports of a plan as files in the lake, on request and by schedule."""
