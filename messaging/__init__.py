"""What leaves and enters the house besides the lake: queues, topics, mail, webhooks. No planning, no storage."""
