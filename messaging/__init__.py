"""What leaves and enters the house: queues, topics, mail, webhooks. No planning, no storage."""
