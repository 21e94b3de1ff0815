"""Hold requests back, so that a test decides when and how they are answered."""

from collections.abc import Callable

from playwright.sync_api import Page, Route


class Gate:
    """Holds requests until `decide`, which applies to later requests as well."""

    def __init__(self, page: Page, path: str) -> None:
        self.waiting: list[Route] = []
        self.verdict: Callable[[Route], None] | None = None
        page.route(f"**/{path}", lambda route: self.meet(route))

    def meet(self, route: Route) -> None:
        if self.verdict:
            self.verdict(route)
        else:
            self.waiting.append(route)

    def decide(self, verdict: Callable[[Route], None]) -> None:
        self.verdict = verdict
        for route in self.waiting:
            verdict(route)
        self.waiting.clear()
