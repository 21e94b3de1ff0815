"""Limit requests and bytes per minute."""

import math
import threading
import time
from collections import deque

MINUTE = 60.0  # seconds


class RateLimit:
    """Sliding window over the last minute, limiting requests and bytes. Thread-safe."""

    def __init__(self, requests: int, size: int) -> None:
        self._requests = requests
        self._size = size
        self._accepted: deque[tuple[float, int]] = deque()  # (time, bytes), oldest first
        self._lock = threading.Lock()

    def seconds_until_allowed(self, size: int) -> int:
        """Count a request of `size` bytes and return 0, or return the seconds to wait."""
        with self._lock:
            now = time.monotonic()
            while self._accepted and self._accepted[0][0] <= now - MINUTE:
                self._accepted.popleft()
            requests = len(self._accepted) + 1 - self._requests
            excess = sum(accepted for _, accepted in self._accepted) + size - self._size
            if requests <= 0 and excess <= 0:
                self._accepted.append((now, size))
                return 0
            return self._seconds_until(requests, excess, now)

    def _seconds_until(self, requests: int, excess: int, now: float) -> int:
        """Return whole seconds until so many requests and bytes have left the window."""
        for when, accepted in self._accepted:
            requests, excess = requests - 1, excess - accepted
            if requests <= 0 and excess <= 0:
                return max(1, math.ceil(when + MINUTE - now))
        return math.ceil(MINUTE)
