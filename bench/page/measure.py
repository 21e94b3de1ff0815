"""The page beside what one would use instead: bytes, first reading, wait after a stroke, tasks."""

import random
import sys
from typing import Any

from playwright.sync_api import Browser

from bench.page import loading, strokes, trace
from bench.page.contenders import CONTENDERS, OURS, Unusable, Visit, visit
from bench.page.summary import picture, tables
from bench.peers import drawings
from bench.peers.site import BEST, QUICK, Site, serving
from bench.result import Result
from export.browser.launch import launch

FULL = {
    **{"rounds": 5, "settings": tuple(loading.SETTINGS)},  # of first readings
    **{"turns": 4, "each": 8, "speeds": tuple(strokes.SPEEDS)},  # once settled
    **{"numbers": 3, "digits": 8},  # traced
}
SMOKE = {
    **{"rounds": 1, "settings": ("plain",)},
    **{"turns": 1, "each": 3, "speeds": ("plain",)},
    **{"numbers": 1, "digits": 2},
}
FIRST = "4"  # the digit that is there as soon as the pad is
SLOWED = "CPU slowed 4x"


def run(smoke: bool) -> Result:
    """Measure the page and its peers, alternating. Raises PeerError, BrowserError and others."""
    plan: dict[str, Any] = SMOKE if smoke else FULL
    drawing = drawings.number(FIRST, random.Random(strokes.SEED))[0]
    with serving(QUICK if smoke else BEST, peers=True) as site, launch() as browser:
        visits, faults = visited(browser, site, drawing)
        able = [each for each in CONTENDERS if each.name in visits]
        loads = loading.measure(browser, site, able, drawing, plan["rounds"], plan["settings"], say)
        waits, right = strokes.measure(
            browser, site, able, plan["turns"], plan["each"], plan["speeds"], say
        )
    say("longest task")
    with serving(QUICK if smoke else BEST) as site, launch() as browser:
        tasks = trace.measure(
            browser, site, plan["numbers"], plan["digits"], strokes.SPEEDS[SLOWED]
        )
    data = {
        "visits": {name: facts_of(each) for name, each in visits.items()},
        "unusable": faults,
        "first reading, ms": loads,
        "settled, ms": waits,
        "read right": right,
        "tasks while drawing, CPU slowed 4x": tasks,
    }
    return Result("page", tables(data), data, picture(data))


def say(what: str) -> None:
    """Tell a person who waits what happens."""
    print(f"page: {what}", file=sys.stderr, flush=True)


def visited(
    browser: Browser, site: Site, drawing: drawings.Strokes
) -> tuple[dict[str, Visit], dict[str, str]]:
    """Visit each contender once; those that do not read here are named with the reason."""
    visits, faults = {}, {}
    for contender in CONTENDERS:
        say(f"visiting {contender.name}")
        try:
            visits[contender.name] = visit(browser, site, contender, drawing)
        except Unusable as fault:
            if contender == OURS:
                raise
            faults[contender.name] = str(fault)
    return visits, faults


def facts_of(seen: Visit) -> dict[str, Any]:
    """A visit as JSON has it."""
    return {
        "backend": seen.backend,
        "read": seen.text,
        "bytes until the first reading": sum(each.size for each in seen.before),
        "requests until the first reading": len(seen.before),
        "bytes after it": sum(each.size for each in seen.after),
        "files until the first reading": len({each.path for each in seen.before}),
        "files": {each.path: each.size for each in (*seen.before, *seen.after)},
    }
