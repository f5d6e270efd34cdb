"""What privacy costs: decisions, erasure, proof, access, and encryption against a plaintext twin."""
