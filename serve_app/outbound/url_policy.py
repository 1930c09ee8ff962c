"""Which URLs of a caller's may be fetched: those that lead to the public internet (NET-001, NET-002).

The rules are those of `ssrfguard`, whose table of addresses is made of IANA's registries and looks inside
IPv4-mapped, NAT64, 6to4 and Teredo forms.
"""

from __future__ import annotations

import re
from ipaddress import ip_network

import httpx
from ssrfguard import (
    DEFAULT_DENIED,
    AddressTable,
    Block,
    BlockedAddressError,
    BlockedURLError,
    Policy,
    Reach,
    SSRFGuardError,
    Target,
    TooManyRedirectsError,
)

from serve_app.errors import UnsafeUrl

GLOBAL_ADDRESSES = AddressTable(
    (
        *DEFAULT_DENIED.blocks,
        Block(ip_network("::/0"), "not global unicast", "RFC4291", Reach.DENIED),
        Block(ip_network("2000::/3"), "global unicast", "RFC4291", Reach.PERMITTED),
    )
)
"""The library's table lets pass what no registry names, such as `::ffff:0:127.0.0.1` (RFC 2765)."""
PUBLIC_INTERNET = Policy(denied_networks=GLOBAL_ADDRESSES, max_redirects=0)
"""Also: ports 80 and 443, no credentials, and no redirect: it leads where the caller did not say."""
NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$")
"""A host that ends in a number is an IPv4 address (WHATWG URL, "ends in a number"). The policy knows only its
plain form, while resolvers also take `0x7f.1` and `2130706433`."""
RULES = {
    BlockedURLError: "The URL must name a public host, without credentials, on port 80 or 443.",
    BlockedAddressError: "The host of the URL is not on the public internet.",
    TooManyRedirectsError: "The URL redirects to another one, which is not followed.",
}
"""Public texts. The library's own name the addresses it looked up, which are not the caller's to know."""


def refusal(refused: SSRFGuardError) -> UnsafeUrl:
    """The public form of a refusal."""
    return UnsafeUrl(RULES[type(refused)])


def parsed(url: str, policy: Policy) -> tuple[httpx.URL, Target]:
    """The URL as it will be asked, and the host it leads to. Raises UnsafeUrl and SSRFGuardError.

    It is also judged as it was written, because parsers differ.
    """
    if not url.lower().startswith(tuple(f"{scheme}://" for scheme in policy.allowed_schemes)):
        raise UnsafeUrl(f"The URL must begin with {' or '.join(sorted(policy.allowed_schemes))}://.")
    policy.check_url(url)
    try:
        asked = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as malformed:
        raise UnsafeUrl("The URL is malformed.") from malformed
    target = policy.check_url(str(asked))
    if not target.is_literal_address and NUMBER.search(target.host):
        raise UnsafeUrl(RULES[BlockedURLError])
    return asked, target
