"""Who is who in a file: ours beside Splink, in quality, seconds and memory."""
