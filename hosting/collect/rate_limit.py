"""How much is taken in a minute."""

import math
import threading
import time
from collections import deque

MINUTE = 60.0  # seconds


class Allowance:
    """So many requests, and so many bytes, in any minute; safe to ask from many threads."""

    def __init__(self, requests: int, size: int) -> None:
        self._requests = requests
        self._size = size
        self._taken: deque[tuple[float, int]] = deque()  # when, and how many bytes; oldest first
        self._lock = threading.Lock()

    def wait(self, size: int) -> int:
        """Count a request of `size` bytes and return 0, or return the seconds until it fits."""
        with self._lock:
            now = time.monotonic()
            while self._taken and self._taken[0][0] <= now - MINUTE:
                self._taken.popleft()
            requests = len(self._taken) + 1 - self._requests
            excess = sum(taken for _, taken in self._taken) + size - self._size
            if requests <= 0 and excess <= 0:
                self._taken.append((now, size))
                return 0
            return self._until(requests, excess, now)

    def _until(self, requests: int, excess: int, now: float) -> int:
        """Whole seconds until so many requests and bytes are more than a minute old."""
        for when, taken in self._taken:
            requests, excess = requests - 1, excess - taken
            if requests <= 0 and excess <= 0:
                return max(1, math.ceil(when + MINUTE - now))
        return math.ceil(MINUTE)
