"""The guard refuses what is not public, however it is spelt, unless the case allows it."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sousveil.capture.guard.addresses import check_address, check_allowed, resolve_checked
from sousveil.errors import InputError
from sousveil.model import Failure, FailureKind

NOTHING: frozenset[str] = frozenset()

REFUSED = [
    "127.0.0.1",
    "127.8.9.10",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    str(ipaddress.IPv4Address(0)),
    "0.1.2.3",
    "192.0.2.1",
    "198.51.100.7",
    "203.0.113.9",
    "198.18.0.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.0.8",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "fc00::1",
    "fd12::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:0a00:0001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1",
    "100::1",
    "5f00::1",
    "4000::1",
    "::ffff:168.63.129.16",
]

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]
PUBLIC += ["2606:2800:220:1::1", "2002:0808:0808::1", "2a00:1450::1"]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public_is_refused_with_its_own_spelling(address: str) -> None:
    reason = check_address("vendor.example", 80, address, NOTHING)
    assert reason is not None
    assert address in reason
    assert "vendor.example" in reason


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_let_through(address: str) -> None:
    assert check_address("vendor.example", 443, address, NOTHING) is None


@pytest.mark.parametrize(
    ("entry", "host", "port", "address", "opens"),
    [
        ("intranet.example", "Intranet.Example.", 80, "10.0.0.1", True),
        ("intranet.example", "other.example", 80, "10.0.0.1", False),
        ("intranet.example:8080", "intranet.example", 8080, "10.0.0.1", True),
        ("intranet.example:8080", "intranet.example", 80, "10.0.0.1", False),
        ("127.0.0.1", "localhost", 80, "127.0.0.1", True),
        ("127.0.0.1", "localhost", 80, "::1", False),
        ("127.0.0.1:8000", "localhost", 8000, "127.0.0.1", True),
        ("127.0.0.1:8000", "localhost", 22, "127.0.0.1", False),
        ("[::1]:8000", "[::1]", 8000, "::1", True),
        ("::1", "[::1]", 1, "::1", True),
        ("127.0.0.0/8", "127.0.0.1", 80, "::ffff:127.0.0.1", True),
        ("10.20.0.0/16", "x.example", 80, "10.20.3.4", True),
        ("10.20.0.0/16", "x.example", 80, "10.21.3.4", False),
        ("fd00::/8", "x.example", 80, "fd12::1", True),
        ("rebound.example", "rebound.example", 80, "169.254.169.254", False),
        ("169.254.169.254", "rebound.example", 80, "169.254.169.254", True),
    ],
)
def test_the_case_opens_what_it_names_and_no_more(
    entry: str, host: str, port: int, address: str, *, opens: bool
) -> None:
    refused = check_address(host, port, address, frozenset({entry}))
    assert (refused is None) is opens


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "http://x.example/", "a:b:c", ""])
def test_an_entry_in_no_known_form_is_named_in_the_refusal(entry: str) -> None:
    with pytest.raises(InputError, match=r"allow_hosts: .*case\.toml"):
        check_allowed(frozenset({entry}))


def test_a_name_is_resolved_once_and_judged_by_its_addresses() -> None:
    refused = resolve_checked("localhost", 80, NOTHING)
    assert isinstance(refused, Failure)
    assert refused.kind is FailureKind.REFUSED_ADDRESS
    assert "loopback" in refused.message
    opened = resolve_checked("localhost", 80, frozenset({"localhost"}))
    assert not isinstance(opened, Failure)
    assert set(opened) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("spelling", ["0x7f000001", "2130706433", "0177.0.0.1", "127.1"])
def test_odd_spellings_of_loopback_resolve_to_a_refusal(spelling: str) -> None:
    found = resolve_checked(spelling, 80, NOTHING)
    assert isinstance(found, Failure)


def test_a_name_without_an_address_is_a_dns_failure() -> None:
    found = resolve_checked("nobody.invalid", 80, NOTHING)
    assert isinstance(found, Failure)
    assert found.kind is FailureKind.DNS
    assert "nobody.invalid" in found.message


@given(st.ip_addresses(v=4))
def test_what_python_calls_not_global_is_refused(address: ipaddress.IPv4Address) -> None:
    if not address.is_global:
        assert check_address("x.example", 80, str(address), NOTHING) is not None


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_in_ipv6_changes_no_refusal(address: ipaddress.IPv4Address) -> None:
    plain = check_address("x.example", 80, str(address), NOTHING) is None
    for prefix in ("::ffff:", "64:ff9b::"):
        wrapped = check_address("x.example", 80, f"{prefix}{address}", NOTHING) is None
        assert wrapped is plain
