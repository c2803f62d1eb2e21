"""What the outside sees: one folder per outside. A face takes a feed.Feed and never asks the kernel or a runtime."""
