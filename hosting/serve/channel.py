"""A client's connection, as waitress has it, with limits where waitress has none.

waitress reads requests and sends answers in one loop, and only whole requests take a thread. What
it leaves open to whoever means harm, or is on a bad line, is closed here: a request that never
ends, an answer that is never read, many requests in one packet, headers that its parser stumbles
over. Its own refusals carry the same headers as every other answer.
"""

import socket
import time

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask

from hosting.headers import FRESH, HEADERS
from hosting.serve import access_log

HEADER_BYTES = 16 * 1024  # of a request; browsers send about one thousand
BODY_BYTES = 1024 * 1024  # of a request; the page sends drawings in pieces of half of it
REQUEST_SECONDS = 30  # from a request's first byte to its last
STALLED_SECONDS = 30  # without a byte of an answer being taken
LINGER_SECONDS = 2  # in which a client may end what it was sending, and read the last answer
ASKED_AT_ONCE = 2  # requests without waiting for answers; each may hold a file open

REFUSALS = {
    400: "this is no HTTP request that can be understood",
    413: f"a request's body must be smaller than {BODY_BYTES} bytes",
    431: f"a request's header must be smaller than {HEADER_BYTES} bytes",
    500: "something went wrong here",
    501: "of transfer codings only `chunked` is understood",
}


class Request(HTTPRequestParser):
    """A request on its way in."""

    command = path = "-"  # waitress names them also where there was none to be parsed

    def __init__(self, adj: object) -> None:
        super().__init__(adj)
        self.begun = time.time()

    def parse_header(self, header_plus: bytes) -> None:
        """Parse; what is malformed in a way that waitress does not expect is malformed too.

        A host in unbalanced brackets or a Content-Length of five thousand digits is a ValueError,
        which would end the connection without an answer.
        """
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("malformed") from error


class Answer:
    """What all answers have in common, the application's and waitress' own."""

    def service(self) -> None:
        """Answer, and note it; the last answer before the server ends says so."""
        if not self.channel.server.accepting:
            self.set_close_on_finish()
        try:
            super().service()
        finally:
            self.channel.lingers |= self.close_on_finish
            if self.wrote_header:
                self.note()

    def note(self) -> None:
        """Write the line in the access log."""
        request = self.request
        # A header that was too large was not read: waitress puts `GET /` in its place.
        read = request.headers_finished
        method, path = (request.command, request.path) if read else ("-", "-")
        size = 0 if method == "HEAD" else self.content_bytes_written or self.content_length or 0
        spent = time.time() - self.start_time
        access_log.note(self.channel.addr[0], method, path, self.status, size, spent)


class Served(Answer, WSGITask):
    """The application's answer."""


class Refused(Answer, ErrorTask):
    """The answer to what is no request, or too large: one line, and the connection ends."""

    def execute(self) -> None:
        """Write it."""
        error = self.request.error
        self.status = f"{error.code} {error.reason}"
        body = f"{self.status}: {REFUSALS[error.code]}\n".encode()
        sent = HEADERS | {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": FRESH}
        self.response_headers.extend(sent.items())
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(b"" if self.request.command == "HEAD" else body)


class Connection(HTTPChannel):
    """A connection that ends in time."""

    task_class = Served
    error_task_class = Refused
    parser_class = Request
    lingers = False  # whether the last answer has been given
    discarding_until = 0.0  # seconds since 1970; 0 while it is not

    def received(self, data: bytes) -> bool:
        """Take in what came; of many requests at once, only the first are answered."""
        went_on = super().received(data)
        with self.requests_lock:
            if len(self.requests) > ASKED_AT_ONCE:
                del self.requests[ASKED_AT_ONCE:]
                # Its answer will say so; it has not begun, as only the first of them can have.
                self.requests[-1].headers["CONNECTION"] = "close"
        return went_on

    def readable(self) -> bool:
        """Whether to read on: no new request once the server is about to end."""
        if self.discarding_until:
            return True
        return super().readable() and (self.server.accepting or self.request is not None)

    def writable(self) -> bool:
        """Whether to write: not while a thread answers, which writes itself, then wakes the loop.

        waitress would find the socket ready and its lock taken, over and over, and a thread that
        waits for Python's lock gets it from so busy a loop 5 ms later, several times an answer.
        """
        return bool(super().writable() and (self.will_close or not self.requests))

    def handle_read(self) -> None:
        """Read what came, or let it go."""
        if not self.discarding_until:
            super().handle_read()
            return
        try:
            self.recv(self.adj.recv_bytes)
        except OSError:
            self.handle_close()

    def handle_close(self) -> None:
        """Close; after the last answer, read on for a moment before.

        A socket closed with bytes unread resets the connection, and the client would see that
        rather than the answer: https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        if self.lingers and self.connected and not self.discarding_until:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:  # the client is gone
                pass
            else:
                self.will_close = False
                self.discarding_until = time.time() + LINGER_SECONDS
                return
        super().handle_close()

    def is_overdue(self, now: float) -> bool:
        """Whether it has taken too long; one that merely waits for a request is waitress' care."""
        if self.discarding_until:
            return now > self.discarding_until
        if self.request is not None and now > self.request.begun + REQUEST_SECONDS:
            return True
        return self.total_outbufs_len > 0 and now > self.last_activity + STALLED_SECONDS

    def is_idle(self) -> bool:
        """Whether there is nothing to read, to answer or to send. In this order: see `service`."""
        done = self.request is None and not self.requests
        return done and not self.total_outbufs_len and not self.discarding_until
