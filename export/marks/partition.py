"""The best partition of a line's strokes into groups, with or without its text given."""

import heapq
from collections.abc import Sequence

import numpy as np

from export.marks.chances import Line

Plan = tuple[float, tuple[int, ...]]  # score and groups of the best way to finish a line
Symbols = Sequence[tuple[int, int | None]]  # groups, and the mark that each is read as

IMPOSSIBLE: Plan = (-np.inf, ())


def best_partition(line: Line, scores: Sequence[float]) -> tuple[int, ...]:
    """Return the groups, by index, whose scores have the highest sum; each stroke is in one."""
    holding = groups_by_first(line)
    everything = (1 << line.strokes) - 1
    plans: dict[int, Plan] = {everything: (0.0, ())}

    def plan(taken: int) -> Plan:
        if taken not in plans:
            plans[taken] = max(
                (
                    (scores[k] + rest[0], (k, *rest[1]))
                    for k, mask in holding[first_free(taken)]
                    if not mask & taken
                    for rest in [plan(taken | mask)]
                ),
                default=IMPOSSIBLE,
            )
        return plans[taken]

    return plan(0)[1]


def best_readings(
    line: Line, options: Sequence[Sequence[tuple[float, int | None]]], count: int
) -> list[tuple[float, Symbols]]:
    """Return the readings with the highest scores, best first, each with its score.

    Args:
        line: of writing.
        options: of each group, what it may be read as, and the score of that.
        count: of readings, at most.
    """
    holding = groups_by_first(line)
    everything = (1 << line.strokes) - 1
    plans: dict[int, list[tuple[float, Symbols]]] = {everything: [(0.0, ())]}

    def plan(taken: int) -> list[tuple[float, Symbols]]:
        if taken not in plans:
            found = [
                (score + rest, ((k, read), *symbols))
                for k, mask in holding[first_free(taken)]
                if options[k] and not mask & taken
                for rest, symbols in plan(taken | mask)
                for score, read in options[k]
            ]
            plans[taken] = heapq.nlargest(count, found, key=lambda each: each[0])
        return plans[taken]

    return plan(0)


def align(line: Line, scores: np.ndarray) -> dict[tuple[int, ...], str] | None:
    """Return which groups are the characters of the line's text, or None if none can be.

    Args:
        line: of writing.
        scores: (groups, characters) of each group read as each character of the text.
    """
    holding = groups_by_first(line)
    everything = (1 << line.strokes) - 1
    plans: dict[tuple[int, int], Plan] = {(everything, len(line.text)): (0.0, ())}

    def plan(taken: int, place: int) -> Plan:
        if (taken, place) not in plans:
            done = taken == everything or place == len(line.text)
            plans[taken, place] = max(
                (
                    (scores[k, place] + rest[0], (k, *rest[1]))
                    for k, mask in ([] if done else holding[first_free(taken)])
                    if not mask & taken
                    for rest in [plan(taken | mask, place + 1)]
                ),
                default=IMPOSSIBLE,
            )
        return plans[taken, place]

    score, chosen = plan(0, 0)
    if not np.isfinite(score):
        return None
    return {line.groups[k]: label for k, label in zip(chosen, line.text, strict=True)}


def groups_by_first(line: Line) -> list[list[tuple[int, int]]]:
    """Return index and bit mask of groups by their leftmost stroke; bits go from left to right."""
    place = {stroke: n for n, stroke in enumerate(line.order)}
    holding: list[list[tuple[int, int]]] = [[] for _ in line.order]
    for k, group in enumerate(line.groups):
        places = [place[stroke] for stroke in group]
        holding[min(places)].append((k, sum(1 << n for n in places)))
    return holding


def first_free(taken: int) -> int:
    """Return the lowest bit that is not set."""
    return (~taken & (taken + 1)).bit_length() - 1
