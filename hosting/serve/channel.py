"""Extend waitress' connections with the limits that it lacks.

waitress reads requests and sends responses in one loop; only complete requests occupy a thread.
Each override below stops one attack, or one effect of a bad network. Tests are in
tests/hosting/serve/test_server.py unless another file is named.

| Override | Attack or fault that it stops | Test |
|---|---|---|
| `Request.parse_header` | a header that crashes waitress' parser closes the connection silently \
| `test_an_error_is_one_line_with_every_header` |
| `LoggedTask.service` | a keep-alive connection that outlives the shutdown \
| `test_at_ctrl_c_a_started_request_is_answered_and_idle_connections_close` |
| `LoggedTask.log` | requests that leave no trace in the access log \
| tests/hosting/serve/test_access_log.py |
| `ErrorResponseTask.execute` | errors of waitress without the security headers \
| `test_an_error_is_one_line_with_every_header` |
| `Connection.received` | many pipelined requests in one packet hold as many files open \
| `test_of_many_pipelined_requests_two_are_answered` |
| `Connection.writable` | a loop that spins while worker threads send \
| `test_the_event_loop_is_idle_while_threads_send` |
| `Connection.readable`, `handle_read`, `handle_close` | a reset that hides the response to an \
oversized body | `test_the_error_for_a_too_large_body_reaches_the_client` |
| the same, during shutdown | the same \
| `test_at_sigterm_a_client_that_sends_after_the_last_response_is_not_reset` |
| `Connection.is_overdue` | a request that never ends (Slowloris) \
| `test_a_request_must_arrive_in_time` |
| `Connection.is_overdue` | a response that is never read \
| `test_a_response_that_is_never_read_is_dropped_and_its_file_closed` |
| `Connection.is_idle` | idle connections that delay the shutdown \
| `test_at_ctrl_c_a_started_request_is_answered_and_idle_connections_close` |
"""

import socket
import time

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask, WSGITask

from hosting.headers import HEADERS, NO_CACHE
from hosting.serve import access_log

HEADER_BYTES = 16 * 1024  # of a request; browsers send about 1,000
BODY_BYTES = 1024 * 1024  # of a request; the page sends drawings in batches of half of it
REQUEST_SECONDS = 30  # from the first byte of a request to the last
STALLED_SECONDS = 30  # without the client reading a byte of the response
LINGER_SECONDS = 2  # for the client to finish sending and to read the last response
MAX_PIPELINED = 2  # requests of a connection in progress; each may hold a file open

ERROR_MESSAGES = {
    400: "the request is not valid HTTP",
    413: f"a request's body must be smaller than {BODY_BYTES} bytes",
    431: f"a request's header must be smaller than {HEADER_BYTES} bytes",
    500: "internal error of the server",
    501: "the only supported transfer coding is `chunked`",
}


class Request(HTTPRequestParser):
    """A request that is being received."""

    command = path = "-"  # waitress reads them even if parsing failed early

    def __init__(self, adj: object) -> None:
        super().__init__(adj)
        self.started_at = time.time()

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the header. Raises ParsingError for every malformed one.

        waitress does not catch the ValueError of a host with unbalanced brackets or a
        Content-Length of 5,000 digits, and would close the connection without a response.
        """
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("malformed") from error


class LoggedTask:
    """Mixin for responses of the application and of waitress itself."""

    def service(self) -> None:
        """Send the response and log it; during shutdown, announce `Connection: close`."""
        if not self.channel.server.accepting:
            self.set_close_on_finish()
        try:
            super().service()
        finally:
            self.channel.lingers |= self.close_on_finish
            if self.wrote_header:
                self.log()

    def log(self) -> None:
        """Write a line to the access log."""
        request = self.request
        # waitress reports `GET /` for a header that was too large to be read.
        read = request.headers_finished
        method, path = (request.command, request.path) if read else ("-", "-")
        size = 0 if method == "HEAD" else self.content_bytes_written or self.content_length or 0
        spent = time.time() - self.start_time
        access_log.log_response(self.channel.addr[0], method, path, self.status, size, spent)


class ApplicationTask(LoggedTask, WSGITask):
    """A response of the application."""


class ErrorResponseTask(LoggedTask, ErrorTask):
    """The response to a malformed or oversized request: one line, then the connection closes."""

    def execute(self) -> None:
        """Write the response."""
        error = self.request.error
        self.status = f"{error.code} {error.reason}"
        body = f"{self.status}: {ERROR_MESSAGES[error.code]}\n".encode()
        sent = HEADERS | {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": NO_CACHE}
        self.response_headers.extend(sent.items())
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(b"" if self.request.command == "HEAD" else body)


class Connection(HTTPChannel):
    """A client's connection with limits on time and pipelining."""

    task_class = ApplicationTask
    error_task_class = ErrorResponseTask
    parser_class = Request
    lingers = False  # whether the last response has been written
    discarding_until = 0.0  # seconds since 1970; 0 while requests are read

    def received(self, data: bytes) -> bool:
        """Parse received bytes; drop pipelined requests beyond MAX_PIPELINED."""
        result = super().received(data)
        with self.requests_lock:
            if len(self.requests) > MAX_PIPELINED:
                del self.requests[MAX_PIPELINED:]
                # Only the first can be in progress; the last one's response announces the close.
                self.requests[-1].headers["CONNECTION"] = "close"
        return result

    def readable(self) -> bool:
        """Tell whether to read; after the last response, to discard."""
        return bool(self.discarding_until) or super().readable()

    def writable(self) -> bool:
        """Tell whether to write; not while a worker thread writes its response itself.

        Otherwise waitress' loop spins on a socket that is ready but locked, and the worker gets
        Python's GIL from a spinning thread only after 5 ms, several times per response.
        """
        return bool(super().writable() and (self.will_close or not self.requests))

    def handle_read(self) -> None:
        """Read what was received; discard it after the last response."""
        if not self.discarding_until:
            super().handle_read()
            return
        try:
            self.recv(self.adj.recv_bytes)
        except OSError:
            self.handle_close()

    def handle_close(self) -> None:
        """Close; after the last response, first discard input for LINGER_SECONDS.

        Closing a socket with unread bytes resets the connection, and the client may lose the
        response: https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        if self.lingers and self.connected and not self.discarding_until:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:  # the client is gone
                pass
            else:
                # Either flag would make waitress' next handle_write() close without lingering.
                self.will_close = self.close_when_flushed = False
                self.discarding_until = time.time() + LINGER_SECONDS
                return
        super().handle_close()

    def is_overdue(self, now: float) -> bool:
        """Tell whether a request or response takes too long; waitress closes idle ones."""
        if self.discarding_until:
            return now > self.discarding_until
        if self.request is not None and now > self.request.started_at + REQUEST_SECONDS:
            return True
        return self.total_outbufs_len > 0 and now > self.last_activity + STALLED_SECONDS

    def is_idle(self) -> bool:
        """Tell whether there is nothing to read, to answer or to send, checked in this order."""
        done = self.request is None and not self.requests
        return done and not self.total_outbufs_len and not self.discarding_until
