"""Who asks: the address by which places are shared between clients."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

_OWN_BITS = 64  # of an IPv6 address: the network, in which a client takes any address it likes


def client_of(scope: Scope) -> str:
    """Return the client of a request; behind a proxy on this computer, the one it forwards for."""
    client = scope.get("client")
    return share_of(client[0]) if client else ""


def share_of(address: str) -> str:
    """Return what stands for one client: an IPv4 address, or an IPv6 network of 64 bits.

    >>> share_of("192.0.2.7"), share_of("2001:db8::1:2:3:4"), share_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7')
    >>> share_of("no address")
    'no address'
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), _OWN_BITS), strict=False))


def largest_share(places: int) -> int:
    """Return how many of some places one client may hold, so that there is one for another.

    >>> [largest_share(places) for places in (1, 2, 4, 16, 32)]
    [1, 2, 3, 12, 24]
    """
    return places - places // 4
