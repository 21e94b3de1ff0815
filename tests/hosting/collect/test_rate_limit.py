"""What fits into a minute, and how long the rest has to wait."""

import pytest

from hosting.collect import rate_limit
from hosting.collect.rate_limit import RateLimit


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(rate_limit, "time", made)
    return made


def test_requests_beyond_the_number_wait_until_the_oldest_is_a_minute_old(clock: Clock) -> None:
    allowed = RateLimit(requests=2, size=100)
    assert allowed.seconds_until_allowed(1) == 0
    clock.now += 10
    assert allowed.seconds_until_allowed(1) == 0
    assert allowed.seconds_until_allowed(1) == 50
    clock.now += 49.5
    assert allowed.seconds_until_allowed(1) == 1
    clock.now += 1
    assert allowed.seconds_until_allowed(1) == 0
    assert allowed.seconds_until_allowed(1) == 10, "the second is the oldest now"


def test_bytes_beyond_the_number_wait_until_so_many_are_a_minute_old(clock: Clock) -> None:
    allowed = RateLimit(requests=100, size=100)
    for size in (20, 30, 50):
        assert allowed.seconds_until_allowed(size) == 0
        clock.now += 1
    assert allowed.seconds_until_allowed(20) == 57
    assert allowed.seconds_until_allowed(40) == 58, "the first alone would not make room for it"
    clock.now += 58
    assert allowed.seconds_until_allowed(40) == 0


def test_what_had_to_wait_is_not_counted(clock: Clock) -> None:
    allowed = RateLimit(requests=1, size=100)
    assert allowed.seconds_until_allowed(1) == 0
    for _ in range(10):
        assert allowed.seconds_until_allowed(1) == 60
    clock.now += 60
    assert allowed.seconds_until_allowed(1) == 0
