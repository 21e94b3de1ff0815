import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import main
from bench.page import contenders, trace


@pytest.fixture(scope="session")
def smoked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """What the quick version of a benchmark writes: its JSON, its Markdown, where it is."""
    found: dict[str, dict[str, Any]] = {}

    def run(name: str) -> dict[str, Any]:
        if name not in found:
            folder: Path = tmp_path_factory.mktemp(name)
            with pytest.MonkeyPatch.context() as patch:
                # These waits only make timings steadier, which no test looks at.
                patch.setattr(contenders, "SETTLED", 0)
                patch.setattr(trace, "CALM", 0)
                main([name, "--smoke", "--out", str(folder)])
            data = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            page = (folder / f"{name}.md").read_text(encoding="utf-8")
            found[name] = {"data": data, "page": page, "folder": folder}
        return found[name]

    return run
