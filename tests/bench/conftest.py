import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import main
from bench.page import contenders, trace


@pytest.fixture(scope="session")
def smoked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """Run a benchmark with --smoke, once; return its JSON, its Markdown and its folder."""
    found: dict[str, dict[str, Any]] = {}

    def run(name: str) -> dict[str, Any]:
        if name not in found:
            folder: Path = tmp_path_factory.mktemp(name)
            with pytest.MonkeyPatch.context() as patch:
                # These pauses only make timings steadier, and no test checks timings.
                patch.setattr(contenders, "SETTLE_MS", 0)
                patch.setattr(trace, "IDLE_MS", 0)
                main([name, "--smoke", "--out", str(folder)])
            data = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            page = (folder / f"{name}.md").read_text(encoding="utf-8")
            found[name] = {"data": data, "page": page, "folder": folder}
        return found[name]

    return run
