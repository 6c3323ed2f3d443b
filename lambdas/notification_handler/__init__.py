"""Changes of alerts become mail, short messages, webhooks and messages of the alerts topic, each once."""
