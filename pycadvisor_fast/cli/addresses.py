"""Addresses to serve on, looked at before anything is started. The rules are the gRPC face's own."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ConfigError, PycadvisorError


class AddressError(PycadvisorError):
    """An address cannot be served, or nobody answers there."""


def check_free(listen: Sequence[str], *, require_all: bool) -> None:
    """Raises ConfigError for a text that is no address, AddressError for an address that cannot be served.

    Without ``require_all`` a unix socket that cannot be made is no error as long as another address can be served: a
    user who is not root cannot make the default one.
    """
    # addresses.py of the face needs no grpc, whose import takes longer than everything else here.
    from ..faces.grpc import addresses as places

    wanted = places.parse(",".join(listen))
    refused: list[ConfigError] = []
    for address in wanted:
        try:
            places.prepare(address)
        except ConfigError as error:
            if require_all or not address.path or len(wanted) == 1:
                raise AddressError(str(error)) from error
            refused.append(error)
    if wanted and len(refused) == len(wanted):
        raise AddressError(str(refused[0])) from refused[0]
