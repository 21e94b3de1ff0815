"""Write the result of a benchmark to NAME.json, NAME.md and NAME.png."""

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
    """Result of one benchmark."""

    name: str  # file stem under bench/results/
    tables: str  # Markdown: tables with medians and spread, and what was measured
    data: dict[str, Any]  # every measurement, as JSON
    picture: Figure | None  # in the style of train/reporting/figures.py


def write(result: Result, folder: Path, facts: dict[str, str]) -> list[Path]:
    """Write a result to a folder, each file atomically; return the paths.

    `facts` describe date and machine, see `describe_machine`.
    """
    document = {"facts": facts, **result.data}
    listed = "".join(f"- {name}: {value}\n" for name, value in facts.items())
    picture = f"![{result.name}]({result.name}.png)\n\n" if result.picture else ""
    page = f"# {result.name}\n\n{result.tables.strip()}\n\n{picture}{listed}"
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


def describe_machine() -> dict[str, str]:
    """Return date, commit and machine, which the times depend on."""
    package = json.loads((ROOT / "export/runtime/package.json").read_text(encoding="utf-8"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        "commit": commit(),
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "system": system(),
        "load before": f"{os.getloadavg()[0]:.1f} processes",
        "browser": output_of([launch.find() or "", "--version"]) or "none",
        "Python": platform.python_version(),
        "TensorFlow.js": package["devDependencies"]["@tensorflow/tfjs-core"],
    }


def commit() -> str:
    """Return the commit that is checked out, and whether files differ from it."""
    name = output_of(["git", "rev-parse", "--short=10", "HEAD"])
    if not name:
        return "unknown"
    changed = output_of(["git", "status", "--porcelain", "--untracked-files=no"])
    return f"{name}, with changes" if changed else name


def processor() -> str:
    """Return the processor's name, as Linux or macOS reports it."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    macos = [] if names else [output_of(["sysctl", "-n", "machdep.cpu.brand_string"])]
    return next(filter(None, [*names, *macos]), platform.machine())


def system() -> str:
    """Return the operating system's name and version."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def output_of(command: list[str]) -> str:
    """Return the stdout of a command, "" if it fails or is missing."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
