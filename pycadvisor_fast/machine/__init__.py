"""What the host is: ``model`` is plain data, the readers beside it take it from the files below one root."""
