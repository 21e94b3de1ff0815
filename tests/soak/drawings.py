"""Hypothesis strategies for drawings, valid and invalid."""

from hypothesis import strategies as st

ORDINARY = st.integers(-1000, 1000) | st.floats(-1000, 1000)
ODD = (
    st.floats(allow_nan=True, allow_infinity=True)
    | st.sampled_from([5e-324, 1e-300, 1e12, 1.1e12, -1e12, 1e300, 1.7e308, 2**63, -(2**63), 2**64])
    | st.integers(-(10**400), 10**400)
)
WRONG = st.none() | st.booleans() | st.text(max_size=3) | st.just({}) | st.just([]) | st.just([[1]])


def points(number: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(number, min_size=2, max_size=3)


def shaped(point: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(st.lists(point, max_size=6), max_size=4)


def nested(value: object, depth: int) -> list:
    for _ in range(depth):
        value = [value]
    return value


@st.composite
def crowds(draw: st.DrawFn) -> list:
    """Return many strokes or points, around the limits and far above."""
    strokes = draw(st.sampled_from([1, 299, 300, 301, 5000]))
    count = draw(st.sampled_from([1, 2, 100, 40_000]))
    count = min(count, 200_000 // strokes)
    return [[[k % 7, k // 7, k] for k in range(count)] for _ in range(strokes)]


SOUND = shaped(points(ORDINARY))
ANY = (
    SOUND
    | SOUND
    | shaped(points(ORDINARY | ODD))
    | shaped(st.lists(ODD | WRONG, max_size=4) | WRONG)
    | st.lists(WRONG | st.lists(WRONG, max_size=2), max_size=3)
    | WRONG
    | ODD
)
# Rarely drawn, because each takes as long as a hundred others.
RARE = crowds() | st.builds(nested, ODD, st.sampled_from([3, 4, 900, 5000]))


@st.composite
def drawings(draw: st.DrawFn) -> object:
    """Return a drawing or another value in place of one."""
    return draw(RARE if draw(st.integers(0, 99)) == 0 else ANY)
