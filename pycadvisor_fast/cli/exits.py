"""Exit codes of the command. Scripts and service managers rely on them; docs/configuration.md lists them."""

from __future__ import annotations

OK = 0
FAILURE = 1  # something went wrong while running; also: verify found a wrong value, get found no such container
USAGE = 2  # a flag, environment variable or config file entry is wrong; nothing was started
RING = 3  # the ring cannot be created or mapped
ADDRESS = 4  # an address cannot be served: in use, or not ours
UNSUPPORTED = 5  # this host cannot do it: no cgroups, no procfs, a dependency is missing
INTERRUPTED = 130  # ended by Ctrl-C where that is not the normal way to end, as shells count it

MEANINGS: tuple[tuple[int, str], ...] = (
    (OK, "it did what was asked; also after SIGTERM, SIGINT, or the end of the pipe it wrote to"),
    (FAILURE, "something failed while running; `host --verify` found a wrong value; `get` found no such container"),
    (USAGE, "a flag, environment variable or config file entry is wrong; nothing was started"),
    (RING, "the ring cannot be created or mapped: not writable, no space, held by another collector, none there"),
    (ADDRESS, "an address cannot be served (in use, or no address of this host), or nobody answers at --target"),
    (UNSUPPORTED, "this host cannot do it: no cgroups, no procfs, or a dependency is missing"),
    (INTERRUPTED, "Ctrl-C ended a command other than `run` and `watch`"),
)
