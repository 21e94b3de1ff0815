"""Text of a file in messages: one line, of limited length."""

MAX_QUOTED = 80  # characters


def shorten(text: str) -> str:
    """Return the beginning of a text, with what cannot be printed escaped."""
    return quote(text)[1:-1]


def quote(text: str) -> str:
    """Return the beginning of a text in quotes, with what cannot be printed escaped."""
    return repr(text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…")
