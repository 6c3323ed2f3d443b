"""Every performance and accuracy claim, as a command: `python -m bench.NAME`."""
