"""Any file into checked tables: read, map, check, load."""
