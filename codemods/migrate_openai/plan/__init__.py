"""Facts and rules -> what is to change, and what is said about it."""
