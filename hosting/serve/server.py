"""waitress, driven so that it can be left running: bounded, and ended without cutting anyone off.

waitress holds no thread for a client that sends slowly. 20 connections beside 100 that sent their
headers a byte at a time had 1,348 answers a second; from gunicorn 27.0.1 (`gthread`, 8 threads) 2,
as the slow took all threads. With 200 threads it gave 2,607, and each slow client still takes one.
200 honest connections had 1,505 a second in 37 MB; from gunicorn 972 in 63 MB with 8 threads, 1,782
in 74 MB with 200. Each for 30 seconds, the slow for 10, on two cores that were busy otherwise.
"""

import logging
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import waitress
from waitress import wasyncore

from hosting.serve.channel import ASKED_AT_ONCE, BODY_BYTES, HEADER_BYTES, Connection

CONNECTIONS = 1000  # at once; more wait until one ends
THREADS = 8  # that answer: files come from the disk's cache, in a millisecond
IDLE_SECONDS = 30  # for which a connection is kept without a request
STOP_SECONDS = 10  # for what is under way when the server is told to stop
OWN_FILES = 64  # descriptors of the process itself, generously
ENDS = (signal.SIGINT, signal.SIGTERM)


class Server:
    """Serves an application at a socket that listens, until a signal comes.

    The first SIGTERM or Ctrl-C, from the construction on, has requests under way finished; the
    second ends the process at once.
    """

    def __init__(self, application: Callable, listening: socket.socket) -> None:
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it tells of each short wait
        self._stopping = False
        self._map: dict[int, wasyncore.dispatcher] = {}
        self._waitress = waitress.create_server(
            application,
            map=self._map,
            sockets=[listening],
            threads=THREADS,
            ident=None,
            connection_limit=connections(),
            asyncore_use_poll=True,  # select() ends at 1,024 descriptors
            channel_timeout=IDLE_SECONDS,
            cleanup_interval=5,
            max_request_header_size=HEADER_BYTES,
            max_request_body_size=BODY_BYTES,
            outbuf_high_watermark=2**30,  # above it a thread waits for its client to read
            log_socket_errors=False,  # phones leave as they like
        )
        self._waitress.channel_class = Connection
        for each in ENDS:
            signal.signal(each, self._stop)

    def run(self) -> None:
        """Serve; return when everything that was under way at the signal has been answered."""
        while not self._stopping:
            self._turn(1)
        self._take_in()
        # Not waitress' own close(), which also ends the pipe by which its threads wake the loop.
        wasyncore.dispatcher.close(self._waitress)
        end = time.monotonic() + STOP_SECONDS
        while self._open() and time.monotonic() < end:
            for connection in self._open():
                if connection.is_idle():
                    connection.handle_close()
            self._turn(0.1)
        wasyncore.close_all(self._map, ignore_all=True)
        self._waitress.task_dispatcher.shutdown(timeout=1)

    def _open(self) -> list[Connection]:
        return list(self._waitress.active_channels.values())

    def _turn(self, timeout: float) -> None:
        """Wait for something to read or to write, do so, and end what is overdue."""
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._map, count=1)
        now = time.time()
        for connection in self._open():
            if connection.is_overdue(now):
                connection.handle_close()

    def _take_in(self) -> None:
        """Accept who is already connected, and read what they have already sent."""
        before = -1
        while before < len(self._map):
            before = len(self._map)
            self._waitress.handle_accept()
        self._turn(0)

    def _stop(self, *signalled: object) -> None:
        for each in ENDS:
            signal.signal(each, signal.SIG_DFL)
        self._stopping = True
        self._waitress.pull_trigger()


def connections() -> int:
    """How many connections the process may have, after asking for enough file descriptors.

    Each has a socket and up to ASKED_AT_ONCE open files.
    """
    try:
        import resource
    except ImportError:  # Windows, where descriptors are not counted so
        return CONNECTIONS
    each = 1 + ASKED_AT_ONCE
    wanted = CONNECTIONS * each + OWN_FILES
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if limit != unlimited and limit < wanted:
        more = wanted if most == unlimited else min(wanted, most)
        with suppress(OSError, ValueError):  # macOS may refuse what it says it allows
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, most))
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if limit == unlimited else min(CONNECTIONS, (limit - OWN_FILES) // each)
