"""The guard: which addresses a visit may reach.

Takes the host a URL names, the address about to be connected to, and what the case allows; gives
a reason in words when that address is refused. Every path to the network asks here at the moment
of connecting, so a name that resolves differently a second time (rebinding), a redirect, or an
odd spelling of an address (0x7f000001, 2130706433, ::ffff:127.0.0.1) changes nothing: what is
judged is what is connected to. Only `resolve_checked` does I/O (it asks the resolver). Where
somebody else resolves and connects for us (an exit), the name is judged instead (`check_name`).

The tables follow the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890) and are
written out here, since Python's `ipaddress.is_global` differs between releases. Of IPv6 only
2000::/3, the unicast space in use, is let through, and NAT64 (RFC 6052) by the address it embeds.

What a case may allow, one entry each:
    intranet.example            this name, whatever it resolves to, any port
    intranet.example:8080       this name, this port
    127.0.0.1   [::1]   127.0.0.1:8000   [::1]:8000      this address
    10.20.0.0/16   fd00:abcd::/32                        this network
A name never opens a cloud metadata address, for whoever controls a name could then read the
machine's credentials; such an address must be listed itself.
"""

import ipaddress
import re
import socket
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import TypeAlias

from sousveil.errors import InputError
from sousveil.model import Failure, FailureKind

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# Addresses where a cloud gives credentials to whoever asks from inside the machine.
METADATA_ADDRESSES: frozenset[Address] = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, DigitalOcean, OpenStack
        "169.254.170.2",  # AWS containers
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure's host agent; else a global address
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google
    )
)

_IPV4_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(text), reason)
    for text, reason in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared behind a carrier's NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)

_IPV6_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(text), reason)
    for text, reason in (
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
        ("2001::/23", "reserved"),  # Teredo, ORCHID and benchmarks are in here
        ("2001:db8::/32", "for documentation"),
        ("3fff::/20", "for documentation"),
    )
)
_IPV6_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")

# Names that no public server answers to: RFC 6761 section 6.3 (localhost), RFC 6762 section 3
# (local) and appendix G (the next six; ICANN has since set internal aside), RFC 8375 (home.arpa),
# and what many routers are shipped with (localdomain).
_LOCAL_SUFFIXES = frozenset(
    {"localhost", "local", "intranet", "internal", "private", "corp", "home", "lan"}
    | {"home.arpa", "localdomain"}
)
_PUBLIC_NAME = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{1,63}"
)
# WHATWG URL, "ends in a number": a host whose last label is one is an address, however spelt.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ONION = ".onion"

_ENTRY_WITH_PORT = re.compile(r"(?:\[([0-9a-f:.%]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One thing the case allows: a name or a network, on one port or any."""

    name: str | None
    network: Network | None
    port: int | None


def check_address(host: str, port: int, address: str, allowed: frozenset[str]) -> str | None:
    """Return why `address` may not be reached for `host` and `port`, or None when it may.

    `host` is the name or literal in the URL, `address` the IP address to connect to. `allowed`
    is what the case allows, see the module's docstring. Raises InputError for an entry of
    `allowed` that is none of those forms.
    """
    target = ipaddress.ip_address(address.partition("%")[0])
    faces = [target, *_embedded(target)]
    entries = _entries(allowed)
    if any(_opens_address(entry, face, port) for entry in entries for face in faces):
        return None
    where = address if host.strip("[]") == address else f"{address} ({host})"
    if any(face in METADATA_ADDRESSES for face in faces):
        return f"{where} is a cloud metadata address"
    reason = next((found for face in faces if (found := _refusal(face))), None)
    if reason is None or any(_opens_name(entry, host, port) for entry in entries):
        return None
    return (
        f"{where} is {reason}, not a public address; name it under allow_hosts in case.toml if it"
        " is yours"
    )


def check_name(host: str, port: int, allowed: frozenset[str]) -> str | None:
    """Return why an exit may not be asked for `host` and `port`, or None when it may.

    An address is judged as in `check_address`. A name is refused when it can only belong to the
    network that the exit stands in, or is an address in disguise (127.1, 0x7f000001), unless the
    case allows that name. Resolves nothing. Raises InputError as `check_address`.
    """
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    else:
        return check_address(host, port, str(address), allowed)
    name = host.lower().rstrip(".")
    if any(_opens_name(entry, name, port) for entry in _entries(allowed)):
        return None
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        return f"{host} is an address in an odd spelling; write it as four numbers"
    if _PUBLIC_NAME.fullmatch(name) and not _is_local(name):
        return None
    return (
        f"{host} is a name within some local network, not a public one; name it under allow_hosts"
        " in case.toml if it is yours"
    )


def _is_local(name: str) -> bool:
    labels = name.split(".")
    return any(".".join(labels[start:]) in _LOCAL_SUFFIXES for start in (-1, -2))


def resolve_checked(host: str, port: int, allowed: frozenset[str]) -> list[str] | Failure:
    """Return the addresses of `host` that may be reached, or the failure to record.

    Resolves once; the caller connects to what is returned and to nothing else. A Failure of kind
    DNS says the name has no address, one of kind REFUSED_ADDRESS that all it has are refused, or
    that it is an onion name, which must not be asked of a resolver (RFC 7686, section 2).
    Raises InputError as `check_address`.
    """
    if host.lower().rstrip(".").endswith(_ONION):
        return Failure(
            FailureKind.REFUSED_ADDRESS,
            f"{host} exists within Tor only; name an exit that leads there",
        )
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Failure(FailureKind.DNS, f"{host}: the name was not found ({error})")
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    refusals = {address: check_address(host, port, address, allowed) for address in addresses}
    open_ones = [address for address in addresses if refusals[address] is None]
    if open_ones:
        return open_ones
    reasons = "; ".join(reason for reason in refusals.values() if reason)
    return Failure(FailureKind.REFUSED_ADDRESS, reasons)


def check_allowed(allowed: frozenset[str]) -> None:
    """Raise InputError when an entry of `allowed` is not one of the forms a case may write."""
    _entries(allowed)


@lru_cache(maxsize=32)
def _entries(allowed: frozenset[str]) -> tuple[_Entry, ...]:
    return tuple(_entry(text.strip().lower()) for text in sorted(allowed))


def _entry(text: str) -> _Entry:
    bare = text.strip("[]")
    try:
        return _Entry(None, ipaddress.ip_network(bare, strict=False), None)
    except ValueError:
        found = _ENTRY_WITH_PORT.fullmatch(text)
    if found is None or "/" in text:
        raise InputError(
            f"allow_hosts: '{text}' is neither a host, host:port, an address nor a network. "
            "Write for example 'intranet.example:8080' or '10.20.0.0/16' in case.toml."
        )
    name = found[1] or found[2]
    port = int(found[3]) if found[3] else None
    try:
        return _Entry(None, ipaddress.ip_network(name), port)
    except ValueError:
        return _Entry(name.rstrip("."), None, port)


def _opens_address(entry: _Entry, address: Address, port: int) -> bool:
    return (
        entry.network is not None
        and address.version == entry.network.version
        and address in entry.network
        and entry.port in {None, port}
    )


def _opens_name(entry: _Entry, host: str, port: int) -> bool:
    return entry.name == host.lower().rstrip(".") and entry.port in {None, port}


def _embedded(address: Address) -> list[Address]:
    """Return the IPv4 addresses that an IPv6 address carries to a translator or tunnel."""
    if isinstance(address, IPv4Address):
        return []
    if address.teredo:
        return list(address.teredo)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and (address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1)):
        inner = IPv4Address(int(address) & 0xFFFFFFFF)
    return [inner] if inner else []


def _refusal(address: Address) -> str | None:
    table = _IPV4_REFUSED if isinstance(address, IPv4Address) else _IPV6_REFUSED
    for network, reason in table:
        if address in network:
            return reason
    if isinstance(address, IPv4Address) or address in _IPV6_UNICAST or address in _NAT64:
        return None
    return None if address.ipv4_mapped else "reserved"
