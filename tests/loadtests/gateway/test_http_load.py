"""Reading wrk, and the fallback without it (the added cost of the front)."""

from __future__ import annotations

import pytest

from loadtests.gateway.http_load import Answered, parse_wrk

REPORT = """Running 4s test @ http://127.0.0.1:8000/config
  Latency Distribution
     50%  {p50}
     75%   1.40ms
  120 requests in 4.00s, 1.0MB read
{refused}Requests/sec:   2045.61
Transfer/sec:    100.00KB
"""


@pytest.mark.parametrize(("p50", "ms"), [("77.00us", 0.077), ("1.24ms", 1.24), ("1.02s", 1020.0)])
def test_every_unit_becomes_milliseconds(p50: str, ms: float) -> None:
    """QUO-002: `GET config` against a bare route is compared in one unit."""
    assert parse_wrk(REPORT.format(p50=p50, refused="")) == Answered(pytest.approx(ms), 2045.61, 0)


def test_refused_requests_are_not_hidden_in_the_rate() -> None:
    """QUO-002: a 429 or a 500 answers quickly, which is no merit."""
    text = REPORT.format(p50="1.00ms", refused="  Non-2xx or 3xx responses: 8\n")
    assert parse_wrk(text).refused == 8


def test_what_is_no_report_is_refused() -> None:
    """A server that is down gives no zero."""
    with pytest.raises(ValueError, match="unable to connect"):
        parse_wrk("unable to connect to 127.0.0.1:8000")
