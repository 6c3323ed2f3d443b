"""The AWS path on one computer: emulators, the functions' processes, their queues and the mail."""
