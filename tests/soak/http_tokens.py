"""Unusual and invalid parts of HTTP requests, to draw from."""

METHODS = (
    *(["GET"] * 12 + ["HEAD"] * 3),
    *("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "M-SEARCH"),
    *("get", "GeT", "G\x00T", "", "\x1b[31mGET", "X" * 5000, "'\"`", "GET GET"),
)
VERSIONS = (
    *(["HTTP/1.1"] * 12 + ["HTTP/1.0"] * 3),
    *("HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1", "HTTP/1.1.1", "http/1.1", "HTTP/-1.1"),
    *("", "X"),
)
FILES = (
    *("/", "/index.html", "/script.js", "/model/meta.json", "/model/weights.bin"),
    *("/healthz", "/collect"),
)
BASES = ("/", "/model/", "/index.html/", "/model/../", "//", "", "/%2f", "/0123456789abcdef/")
PLACES = ("secret.txt", "etc/passwd", "server.py", "hosting/headers.py", "web/../secret.txt")
UP = (
    *("..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "..%00", "..;", "...", "%c0%ae%c0%ae"),
    *("%e0%80%ae%e0%80%ae", "%uff0e%uff0e", "．．", "..%20", "..%0d%0a", "%2e%2e%c0%af", "~"),
)
SLASH = ("/", "/", "%2f", "\\", "%5c", "%252f", "//", "/./", "%c0%af", "∕", "%00/", "/%0a")
ENDINGS = ("?", "#", ";", "/", "%00", ".", "%20", ".br", ".gz", "~", "::$DATA")
NO_PATHS = ("*", "-", "\x00", "?", "#", "/\x1b[2J", "/\"' 200 1", "/\x85forged", "/%0a%0dforged")
ESCAPES = ("", "0", "zz", "%", "u0041", "00")

RANGES = (
    *("bytes=0-", "bytes=16-31", "bytes=-5", "bytes=0-0", "bytes=5-2", "bytes=-0", "bytes=--5"),
    *("bytes=0-99999999999999999999", "bytes=" + "9" * 5000 + "-", "bytes=a-b", "bytes=", "bytes"),
    *("bytes=0-1,3-4", "bytes=" + ",".join(["0-1"] * 1500), "lines=1-2", "bytes=1_0-2_0", "=1-2"),
    *("bytes=²-³", "bytes=\x00-", "bytes =0-1", "bytes=0x1-0x2", "-", "bytes=-99999"),
    *("bytes=1-2-3", "bytes=256-", "bytes=255-300"),
)
ENCODINGS = (
    *("gzip", "br", "gzip, br", "*", "identity;q=0", "br;q=0", "", ",,,", ";q=1", "gzip;q=-1"),
    *("b" * 4000, "br\x00", "\xff\xfe", "*;q=0", "gzip\tbr", "BR", "deflate, " * 300),
)
DATES = (
    *("Mon, 23 Nov 2026 19:35:00 GMT", "0", "", " ", ",", "Mon", "9" * 5000),
    *("-1", "1 Jan 1", "1 2 3 4 5 6 7", "Mon,", "::", "1-1-1", "Mon, 99 Xxx 0 25:61"),
    *("Fri, 31 Feb 99999999 00:00:00 +9999", "1 Jan 1 1:1:1:1 -", "1 Jan 1 ::", "Jan ( (", "\xff"),
)
TAGS = ("*", "W/", "", '"', "x" * 3000)
HOSTS = ("", "evil.example", "[::1", "a" * 3000, "a b", "ü.example", "x:99999", "../..", "@", "x:y")
LINES = (
    *("no colon", ": no name", "X Y: space", "X\x00: nul", "X: \x00\x01\x1b[2J", "X-Under_S: 1"),
    *(" folded: first", "X: a\r\n folded", "X: a\r\n\tfolded", "X: bare\rreturn", "X: bare\nfeed"),
    *("X:", "X: " + "a" * 9000, "X: " + "a" * 20000, "Connection: keep-alive, close, upgrade"),
    *("Expect: 100-continue", "Expect: nonsense", "Upgrade: h2c", "X-Forwarded-For: 1.2.3.4"),
    *("Forwarded: for=\"", "X-HTTP-Method-Override: DELETE", "TE: trailers", "Via: \xe9"),
    *("Cookie: " + "c" * 3000, "Content-Type: multipart/form-data", "Server: mine", "Date: none"),
)  # fmt: skip

LENGTHS = (
    *("-1", "+5", "5, 5", "5, 6", "0x5", "5 5", "", "a", "1e3", "9" * 30, "9" * 5000, "²"),
    *("1048575", "1048576", "1048577"),
)
CODINGS = ("gzip", "chunked, chunked", "identity", "chunked;x=1", "xchunked", ", chunked", "\x0b")
CHUNKS = (
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
    b"0\r\n\r\n",
    b"-5\r\nhello",
    b"5\r\nhelloX0\r\n\r\n",
    b"g\r\n",
    b"fffffffffffffffffff\r\nhello",
    b"5\nhello\n0\n\n",
    b"\r\n" * 50,
    b"5\r\nhel",
    b"5;" + b"x" * 9000 + b"\r\nhello",
    b"1\r\n" * 999,
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"\x00",
    b"100000\r\n" + b"a" * 1_048_576 + b"\r\n100000\r\n" + b"a" * 9,
    b"0\r\n" + b"X: y\r\n" * 900,
)
