"""Which recording answers a request, and what differs when none does."""
