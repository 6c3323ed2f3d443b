"""What the system does, one verb a file; the only place where engine and lake meet."""
