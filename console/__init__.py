"""What people see: the admin, its pages and its charts."""
