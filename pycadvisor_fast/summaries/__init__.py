"""Minute, hour and day of each container: what the ring is too short for is kept as digests."""
