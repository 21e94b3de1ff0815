"""UNIPEN's ink by the split of its writers: digits, non-digits, and words of digits and marks."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from train.data.unipen import characters
from train.data.unipen.cached import read_clean
from train.data.unipen.characters import WORDS, Ink

NON_DIGIT_CATEGORIES = {"letters": ("1b", "1c"), "symbols": ("1d",)}

InkBySplit = dict[str, list[Ink]]


@dataclass(frozen=True)
class UnipenInk:
    """UNIPEN's ink by split of writers; `non_digits` by kind and split.

    `digits` and `non_digits` are those of category 1, `words` all of category 7, if it is there.
    """

    digits: InkBySplit
    non_digits: dict[str, InkBySplit]
    dropped: dict[str, int]
    summary: str
    words: InkBySplit = field(default_factory=lambda: by_split([]))
    words_dropped: dict[str, int] = field(default_factory=dict)

    @property
    def single_digits(self) -> InkBySplit:
        """Digits that stand alone as words of category 7."""
        return self._words("single digits")

    def all_digits(self, split: str) -> list[Ink]:
        """Return the digits of a split, those of category 1 and those of category 7."""
        return [*self.digits[split], *self.single_digits[split]]

    @property
    def numbers(self) -> InkBySplit:
        """Numbers of several digits, their strokes in the order of writing."""
        return self._words("numbers")

    @property
    def strings(self) -> InkBySplit:
        """Strings of digits and marks: dates, times, telephone numbers."""
        return self._words("strings with marks")

    def _words(self, kind: str) -> InkBySplit:
        return {
            split: [ink for ink in inks if characters.kind(ink.label) == kind]
            for split, inks in self.words.items()
        }

    def select(self, wanted: Callable[[Ink], bool]) -> "UnipenInk":
        """Return only the inks that are wanted."""

        def chosen(inks: InkBySplit) -> InkBySplit:
            return {split: list(filter(wanted, each)) for split, each in inks.items()}

        return replace(
            self,
            digits=chosen(self.digits),
            non_digits={kind: chosen(inks) for kind, inks in self.non_digits.items()},
            words=chosen(self.words),
        )

    def digit_sets(self, split: str) -> dict[str, list[Ink]]:
        """Return the digits of a split by category, so that figures of category 1 stay comparable.

        A category without any is left out, except the first.
        """
        sets = {"UNIPEN": self.digits[split], "UNIPEN 7 single digits": self.single_digits[split]}
        return {name: inks for name, inks in sets.items() if inks or name == "UNIPEN"}

    def facts(self) -> dict:
        """Count for the report: inks and writers of each split, dropped segments by reason."""
        facts = {"unipen": {"splits": counts(self.digits, "digits"), "dropped": self.dropped}}
        if any(self.words.values()):
            facts["unipen_words"] = {
                "splits": counts(self.words, "words"),
                "dropped": self.words_dropped,
            }
        return facts


def read_ink(paths: Sequence[str | Path]) -> UnipenInk:
    """Read UNIPEN's archives and directories; category 7 may be missing. Raises UnipenError."""
    inks, dropped = read_clean(paths, "1a")
    non_digits = {
        kind: by_split(ink for each in categories for ink in read_clean(paths, each)[0])
        for kind, categories in NON_DIGIT_CATEGORIES.items()
    }
    words, words_dropped = read_clean(paths, WORDS, required=False)
    summaries = [characters.summary(inks, dropped)]
    if words:
        summaries.append(characters.summary(words, words_dropped))
    return UnipenInk(
        by_split(inks),
        non_digits,
        dict(dropped),
        "\n".join(summaries),
        by_split(words),
        dict(words_dropped),
    )


def by_split(inks: Iterable[Ink]) -> InkBySplit:
    """Group inks by the split of their writers."""
    splits: InkBySplit = {name: [] for name in characters.SPLITS}
    for ink in inks:
        splits[characters.split(ink.writer)].append(ink)
    return splits


def counts(inks: InkBySplit, noun: str) -> dict[str, dict[str, int]]:
    """Count inks and writers of each split."""
    return {
        name: {noun: len(each), "writers": len({ink.writer for ink in each})}
        for name, each in inks.items()
    }
