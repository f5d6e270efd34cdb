"""The views: each parses, makes one domain call, and translates the answer."""
