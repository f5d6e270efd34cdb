"""Faults: what the log says of an error, which is no value of anybody."""

import traceback

FRAMES = 4


def told(error: Exception) -> dict[str, object]:
    """Its kind, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return {"error": type(error).__name__, "where": [f"{frame.filename}:{frame.lineno}" for frame in frames]}
