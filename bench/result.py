"""What a benchmark found, and how it is written down: NAME.json, NAME.md and NAME.png."""

import json
import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from export.browser import launch
from files.atomic import write_atomically
from train.reporting import figures

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Result:
    """One benchmark's findings."""

    name: str  # file stem under bench/results/
    tables: str  # Markdown: tables with medians and spread, one sentence on what was measured
    data: dict[str, Any]  # every measurement, JSON-able
    picture: Figure | None  # in the style of train/reporting/figures.py


def write(result: Result, folder: Path, facts: dict[str, str]) -> list[Path]:
    """Write a result into a folder, each file whole or not at all; return the files."""
    document = {"facts": facts, **result.data}
    told = "".join(f"- {name}: {value}\n" for name, value in facts.items())
    picture = f"![{result.name}]({result.name}.png)\n\n" if result.picture else ""
    page = f"# {result.name}\n\n{result.tables.strip()}\n\n{picture}{told}"
    written = []
    for suffix, content in ((".json", json.dumps(document, indent=1) + "\n"), (".md", page)):
        path = folder / f"{result.name}{suffix}"
        held = content.encode()
        write_atomically(path, lambda file, held=held: file.write(held))
        written.append(path)
    if result.picture:
        path = folder / f"{result.name}.png"
        write_atomically(path, lambda file: figures.save(result.picture, file))
        written.append(path)
    return written


def machine() -> dict[str, str]:
    """Date, commit and machine: what a reader needs to judge the seconds."""
    package = json.loads((ROOT / "export/runtime/package.json").read_text(encoding="utf-8"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        "commit": commit(),
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": system(),
        "load before": f"{os.getloadavg()[0]:.1f} processes",
        "browser": said([launch.find() or "", "--version"]) or "none",
        "Python": platform.python_version(),
        "TensorFlow.js": package["devDependencies"]["@tensorflow/tfjs-core"],
    }


def commit() -> str:
    """The commit that is checked out, and whether files differ from it."""
    name = said(["git", "rev-parse", "--short=10", "HEAD"])
    if not name:
        return "unknown"
    changed = said(["git", "status", "--porcelain", "--untracked-files=no"])
    return f"{name}, with changes" if changed else name


def processor() -> str:
    """The processor's name, as Linux or macOS says it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    asked = [] if names else [said(["sysctl", "-n", "machdep.cpu.brand_string"])]
    return next(filter(None, [*names, *asked]), platform.machine())


def system() -> str:
    """The operating system's name and version."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def said(command: list[str]) -> str:
    """What a command writes; nothing where it fails or is not there."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
