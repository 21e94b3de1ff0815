"""Compare the page with alternatives: bytes, first reading, time after a stroke, long tasks."""

import random
import sys
from typing import Any

from playwright.sync_api import Browser

from bench.page import loading, strokes, trace
from bench.page.contenders import CONTENDERS, OURS, Unusable, Visit, visit
from bench.page.summary import picture, tables
from bench.peers import drawings
from bench.peers.site import BEST_QUALITY, FAST_QUALITY, Site, serving
from bench.result import Result
from export.browser.launch import launch

FULL = {
    **{"rounds": 5, "settings": tuple(loading.SETTINGS)},  # first readings
    **{"turns": 3, "each": 8, "speeds": tuple(strokes.SPEEDS)},  # after warm-up
    **{"numbers": 3, "digits": 8},  # traced
}
SMOKE = {
    **{"rounds": 1, "settings": ("plain",)},
    **{"turns": 1, "each": 3, "speeds": ("plain",)},
    **{"numbers": 1, "digits": 2},
}
FIRST = "4"  # the digit of the first reading
SLOWED = "CPU slowed 4x"


def run(smoke: bool) -> Result:
    """Measure the page and its peers in turn. Raises PeerError, BrowserError and others."""
    plan: dict[str, Any] = SMOKE if smoke else FULL
    drawing = drawings.number(FIRST, random.Random(strokes.SEED))[0]
    with serving(FAST_QUALITY if smoke else BEST_QUALITY, peers=True) as site, launch() as browser:
        visits, faults = visit_all(browser, site, drawing)
        usable = [each for each in CONTENDERS if each.name in visits]
        loads = loading.measure(
            browser, site, usable, drawing, plan["rounds"], plan["settings"], report
        )
        waits, accuracies = strokes.measure(
            browser, site, usable, plan["turns"], plan["each"], plan["speeds"], report
        )
    report("longest task")
    with serving(FAST_QUALITY if smoke else BEST_QUALITY) as site, launch() as browser:
        tasks = trace.measure(
            browser, site, plan["numbers"], plan["digits"], strokes.SPEEDS[SLOWED]
        )
    data = {
        "visits": {name: visit_data(each) for name, each in visits.items()},
        "unusable": faults,
        "first reading, ms": loads,
        "settled, ms": waits,
        "read right": accuracies,
        "tasks while drawing, CPU slowed 4x": tasks,
    }
    return Result("page", tables(data), data, picture(data))


def report(progress: str) -> None:
    """Print a line of progress to stderr."""
    print(f"page: {progress}", file=sys.stderr, flush=True)


def visit_all(
    browser: Browser, site: Site, drawing: drawings.Strokes
) -> tuple[dict[str, Visit], dict[str, str]]:
    """Visit each contender once.

    Returns:
        the visits by contender's name, and the reason for each contender that does not work.
    """
    visits, faults = {}, {}
    for contender in CONTENDERS:
        report(f"visiting {contender.name}")
        try:
            visits[contender.name] = visit(browser, site, contender, drawing)
        except Unusable as fault:
            if contender == OURS:
                raise
            faults[contender.name] = str(fault)
    return visits, faults


def visit_data(visit: Visit) -> dict[str, Any]:
    """Return a visit as JSON data."""
    return {
        "backend": visit.backend,
        "read": visit.text,
        "bytes until the first reading": sum(each.size for each in visit.before),
        "requests until the first reading": len(visit.before),
        "bytes after it": sum(each.size for each in visit.after),
        "files until the first reading": len({each.path for each in visit.before}),
        "files": {each.path: each.size for each in (*visit.before, *visit.after)},
    }
