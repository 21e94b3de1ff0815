"""Measure the time from navigation to the first reading, with an empty cache."""

from collections.abc import Callable, Sequence

from playwright.sync_api import Browser

from bench.page.contenders import Contender, first_reading, opened
from bench.peers.drawings import Strokes
from bench.peers.site import Site

# Lighthouse's "slow 4G", in bytes per second and milliseconds:
# https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md
SLOW_4G = {
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
    "latency": 150,
}
SETTINGS: dict[str, dict] = {
    "plain": {},
    "CPU slowed 4x": {"cpu": 4},
    "slow 4G": {"network": SLOW_4G},
}


def measure(
    browser: Browser,
    site: Site,
    contenders: Sequence[Contender],
    drawing: Strokes,
    rounds: int,
    settings: Sequence[str],
    report: Callable[[str], None] = lambda progress: None,
) -> dict[str, dict[str, list[float]]]:
    """Visit each contender in turn, for `rounds` rounds.

    Heavy contenders take part in every third round only on slow 4G, because of the time it takes.

    Args:
        browser: a running browser.
        site: serves the contenders.
        contenders: what to measure.
        drawing: the digit to read.
        rounds: number of rounds.
        settings: keys of SETTINGS.
        report: called with a line of progress.

    Returns:
        milliseconds until the first reading, by setting and contender's name.
    """
    found: dict[str, dict[str, list[float]]] = {
        setting: {contender.name: [] for contender in contenders} for setting in settings
    }
    for number in range(rounds):
        for setting in settings:
            report(f"first reading, {setting}, round {number + 1} of {rounds}")
            for contender in contenders:
                if contender.heavy and setting == "slow 4G" and number % 3:
                    continue
                url = f"{site.address}/{contender.path}"
                with opened(browser, url, drawing, SETTINGS[setting]) as page:
                    found[setting][contender.name].append(first_reading(page)["first"])
    return found
