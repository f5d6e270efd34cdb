"""Readers of what sources send: each turns one message into an envelope or a reject."""
