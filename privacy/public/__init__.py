"""What people see and use themselves: preference centre, requests, and signed links. No account is needed."""
