"""Processes of containers, from /proc, without a program of its own and without a thread: one look when asked."""

from .listing import Listing

__all__ = ["Listing"]
