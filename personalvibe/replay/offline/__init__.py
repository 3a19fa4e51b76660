"""Replay without a network: the guard, logs without secrets, no waiting."""
