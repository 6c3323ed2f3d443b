"""What runs on AWS, as data: topics, queues, filters, functions. Imports nothing of Shelfcast."""
