"""One new record against a million profiles: from the accepted row to the committed assignment."""
