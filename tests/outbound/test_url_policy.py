"""URLs that are not fetched: our own table, whatever the library beneath says of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from serve_app.errors import UnsafeUrl
from serve_app.outbound.fetch import Fetcher
from serve_app.outbound.url_policy import PUBLIC_INTERNET
from tests.fakes import NO_AUTHORITIES
from tests.outbound.web_host import HTTP, Names, answering, connections, fetcher, web_host

PRIVATE_V4 = (
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
)
PRIVATE_V6 = (
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::7f00:1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "1::1",
    "4000::1",
)
HOSTILE = (
    *(f"https://{address}/" for address in PRIVATE_V4),
    *(f"https://[{address}]/" for address in PRIVATE_V6),
    # GT-12, with the schemes of video.
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://224.0.0.1/",
    "http://user@127.0.0.1/",
    # Numbers that resolvers take for addresses, public ones too.
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://0X7F000001/",
    "https://127.0.1/",
    "https://0/",
    "https://0x/",
    "https://134744072/",
    "https://0x08080808/",
    "https://127.0.0.1./",
    "https://2130706433./",
    "https://256.256.256.256/",
    "https://127.0.0.1.5/",
    "https://１２７.０.０.１/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://%31%32%37.0.0.1/",
    "https://127%2e0.0.1/",
    "https://[::ffff:7f00:0001]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[v1.127]/",
    "https://[127.0.0.1]/",
    "https://[::1/",
    # Names that resolve to this host or this network.
    "https://localhost/",
    "https://LOCALHOST./",
    "https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "https://inside.example/",
    "https://inside.example./",
    # Credentials, and hosts that are not the host.
    "https://user:password@public.example/",
    "https://@public.example/",
    "https://:@public.example/",
    "https://public.example@127.0.0.1/",
    "https://public.example%40127.0.0.1/",
    "https://127.0.0.1\\@public.example/",
    "https://public.example\\@127.0.0.1/",
    "https://public.example\\.127.0.0.1/",
    "https://127.0.0.1#@public.example/",
    "https://127.0.0.1?@public.example/",
    "https:///public.example/",
    "https://",
    "https://:443/",
    "https://?",
    "https:public.example",
    "https:/127.0.0.1/",
    "//public.example/",
    "public.example",
    "/etc/passwd",
    "",
    # Ports.
    "https://public.example:22/",
    "https://public.example:8000/",
    "https://public.example:6379/",
    "https://public.example:0/",
    "https://public.example:65616/",
    "https://public.example:-1/",
    "https://public.example:443:80/",
    "https://public.example:４４３/x",
    "https://127.0.0.1:443/",
    # Schemes.
    "file:///etc/passwd",
    "file://public.example/etc/passwd",
    "ftp://public.example/",
    "gopher://public.example/",
    "dict://public.example/",
    "ldap://public.example/",
    "jar:https://public.example!/",
    "data:audio/wav;base64,UklGRg==",
    "javascript:alert(1)",
    "ws://public.example/",
    "unix:///run/docker.sock",
    "http+unix://%2Frun%2Fdocker.sock/",
    # What parsers disagree about.
    " https://public.example/",
    "https://public.example/ ",
    "https://public.example /",
    "https://public.exa\nmple/",
    "https://public.example/\r\nHost: 127.0.0.1",
    "https://public.example/\x00",
    "https://public\t.example/",
    "ht\ntps://public.example/",
    "https://public..example/",
    "https://-public.example/",
    "https://.public.example/",
    "https://public_example/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 200 + "example/",
    "https://" + "ก" * 300 + ".example/",
    "https://public.example/" + "a" * 9000,
    "https://public.example/\ud800",
)
NAMES = {
    "localhost": [["127.0.0.1"]],
    "localhost_": [["127.0.0.1"]],
    "inside_example": [["10.1.2.3"]],
    "inside_example_": [["10.1.2.3"]],
    "public_example": [["8.8.8.8"]],
}


@pytest.fixture
def names() -> Names:
    return Names(**NAMES)


@pytest.fixture
async def public(names: Names) -> AsyncIterator[Fetcher]:
    """The policy of production, over names of ours."""
    fetch = Fetcher(resolver=names, tls=NO_AUTHORITIES)
    yield fetch
    await fetch.close()


@pytest.mark.parametrize("url", HOSTILE, ids=lambda url: ascii(url)[:50])
async def test_hostile_urls(public: Fetcher, url: str) -> None:
    """NET-001, NET-002, VID-005: refused before anything is connected to, with a text that names a rule."""
    with connections() as made, pytest.raises(UnsafeUrl) as refused:
        await public.get(url, limit_bytes=100, schemes=HTTP)
    assert made == []
    assert refused.value.message.startswith(("The URL ", "The host of the URL "))


@pytest.mark.parametrize("address", PRIVATE_V4 + PRIVATE_V6)
async def test_names_that_lead_inside(address: str) -> None:
    """NET-002: judged by every address they have; no text tells which address that was (ERR-020)."""
    for answer in ([address], ["8.8.8.8", address], [address, "8.8.8.8"]):
        names = Names(some_example=[answer])
        fetch = Fetcher(resolver=names, tls=NO_AUTHORITIES)
        with connections() as made, pytest.raises(UnsafeUrl) as refused:
            await fetch.get("https://some.example/voice.wav", limit_bytes=100)
        assert (made, names.asked) == ([], ["some.example"])
        assert refused.value.message == "The host of the URL is not on the public internet."
        await fetch.close()


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.215.14", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"],
)
def test_public_addresses_are_public(address: str) -> None:
    """NET-002: what is refused is refused for a reason."""
    assert PUBLIC_INTERNET.permits_address(address)


async def test_http_is_for_those_who_ask_for_it(public: Fetcher, names: Names) -> None:
    """NET-001, TTS-018: https unless the surface says otherwise."""
    with connections() as made, pytest.raises(UnsafeUrl, match=r"must begin with https://\."):
        await public.get("http://public.example/", limit_bytes=100)
    assert (made, names.asked) == ([], [])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["http://127.0.0.1/", "https://public.example/", "/elsewhere", "//[::1"])
async def test_redirects(status: int, where: str) -> None:
    """NET-001, VID-005: rejected, wherever they lead."""
    async with web_host(answering(b"", f"{status} Found", location=where)) as host:
        fetch = fetcher(Names(media_example=[["127.0.0.1"]]), host.port, tls=NO_AUTHORITIES)
        with connections() as made, pytest.raises(UnsafeUrl, match="redirects"):
            await fetch.get(f"http://media.example:{host.port}/", limit_bytes=100, schemes=HTTP)
        await fetch.close()
    assert made == [("127.0.0.1", host.port)]
