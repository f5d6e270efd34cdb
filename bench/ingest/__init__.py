"""What the front door takes in, durably, per second, beside a bare COPY of the same rows."""
