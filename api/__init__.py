"""What programs call: the REST API below /api, the door for Segment clients below /v1, and health."""
