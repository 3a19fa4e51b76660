"""What people do with cassettes: read them, and look for what should not be in them."""
