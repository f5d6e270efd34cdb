"""Consumers: doors that fetch. They take what brokers hold, and give it back as done once it is durable."""
