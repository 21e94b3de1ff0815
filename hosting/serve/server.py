"""Run waitress with bounded resources and a graceful shutdown.

Why waitress: slow clients occupy no thread. Responses per second on two busy cores, compared with
gunicorn 27.0.1 (`gthread`):

    clients                                        waitress    gunicorn 8 threads    200 threads
    20, beside 100 sending one byte at a time, 10 s   1,348                     2          2,607
    200, 30 s                                 1,505 (37 MB)           972 (63 MB)  1,782 (74 MB)

With 200 threads of gunicorn, each slow client still occupies one.

granian 2.8.7 spends 0.21 ms of processor time on a response, waitress 0.30 (200 clients, medians of
3 runs). But each client that does not finish its body or does not read occupies a thread of it, and
no timeout ends either: 20 unfinished bodies block 8 threads.
"""

import logging
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import waitress
from waitress import wasyncore

from hosting.serve.channel import BODY_BYTES, HEADER_BYTES, MAX_PIPELINED, Connection

CONNECTIONS = 1000  # open at once; further clients wait
THREADS = 8  # files come from the page cache within a millisecond
IDLE_SECONDS = 30  # of keep-alive without a request
STOP_SECONDS = 10  # to finish requests after the stop signal
RESERVED_DESCRIPTORS = 64  # file descriptors of the process itself, with a margin
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server:
    """Serve an application on a listening socket until a signal arrives.

    From construction on, the first SIGTERM or Ctrl-C finishes requests in progress; the second
    ends the process immediately.
    """

    def __init__(
        self, application: Callable, listener: socket.socket, trust_proxy: bool = False
    ) -> None:
        """Listen; only with `trust_proxy`, requests keep the X-Forwarded headers of proxies."""
        logging.getLogger("waitress.queue").setLevel(
            logging.ERROR
        )  # it warns whenever a request waits for a thread
        self._stopping = False
        self._map: dict[int, wasyncore.dispatcher] = {}
        self._waitress = waitress.create_server(
            application,
            map=self._map,
            sockets=[listener],
            threads=THREADS,
            ident=None,
            connection_limit=max_connections(),
            asyncore_use_poll=True,  # select() is limited to 1,024 descriptors
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=5,
            max_request_header_size=HEADER_BYTES,
            max_request_body_size=BODY_BYTES,
            outbuf_high_watermark=2**30,  # above it a thread would wait for its client
            log_socket_errors=False,  # clients that disconnect are normal
            clear_untrusted_proxy_headers=not trust_proxy,
        )
        self._waitress.channel_class = Connection
        for each in STOP_SIGNALS:
            signal.signal(each, self._stop)

    def run(self) -> None:
        """Serve; after a signal, return when requests in progress have been answered."""
        while not self._stopping:
            self._poll_once(1)
        self._drain_accepts()
        # waitress' own close() would also close the pipe through which threads wake the loop.
        wasyncore.dispatcher.close(self._waitress)
        end = time.monotonic() + STOP_SECONDS
        while self._open() and time.monotonic() < end:
            for connection in self._open():
                if connection.is_idle():
                    connection.handle_close()
            self._poll_once(0.1)
        wasyncore.close_all(self._map, ignore_all=True)
        self._waitress.task_dispatcher.shutdown(timeout=1)

    def _open(self) -> list[Connection]:
        return list(self._waitress.active_channels.values())

    def _poll_once(self, timeout: float) -> None:
        """Handle one round of socket events and close overdue connections."""
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
        now = time.time()
        for connection in self._open():
            if connection.is_overdue(now):
                connection.handle_close()

    def _drain_accepts(self) -> None:
        """Accept pending connections and read what they have already sent."""
        before = -1
        while before < len(self._map):
            before = len(self._map)
            self._waitress.handle_accept()
        self._poll_once(0)

    def _stop(self, *signalled: object) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        self._stopping = True
        self._waitress.pull_trigger()


def max_connections() -> int:
    """Return the connection limit, after raising the limit of file descriptors if possible.

    Each connection needs a socket and up to `MAX_PIPELINED` open files.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return CONNECTIONS
    each = 1 + MAX_PIPELINED
    wanted = CONNECTIONS * each + RESERVED_DESCRIPTORS
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if limit != unlimited and limit < wanted:
        more = wanted if most == unlimited else min(wanted, most)
        with suppress(OSError, ValueError):  # macOS may refuse a value below its reported maximum
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, most))
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == unlimited:
        return CONNECTIONS
    return min(CONNECTIONS, (limit - RESERVED_DESCRIPTORS) // each)
