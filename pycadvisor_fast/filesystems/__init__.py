"""The host's filesystems, and what containers hold in them."""
