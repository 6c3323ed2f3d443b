"""AWS shells, one folder a function. They arrive with the event issue; logic lives in `jobs`."""
