"""The page's pad in a notebook: one document with code and model in it, and no server behind it.

Notebooks show what a cell puts out under policies of their own. The strictest, VS Code's, runs
scripts that stand in the document and no others, neither `blob:` nor `data:`
(https://github.com/microsoft/vscode, backLayerWebView.ts): so the page's modules become one script.
"""

import base64
import json
from pathlib import Path
from string import Template

from IPython.display import HTML

from export import runtime_bundle

WEB = Path(__file__).parents[1] / "web"
WIDTH, HEIGHT = 480, 320  # CSS pixels

DOCUMENT = Template("""<!doctype html>
<meta charset="utf-8">
<title>digitpad</title>
<style>
  body { margin: 8px; background: #fff; color: #111; font: 16px system-ui, sans-serif }
  digit-pad { width: 100%; height: 256px }
  output { display: block; min-height: 1.5em; white-space: pre; overflow: auto; line-height: 1.8 }
</style>
<body>
<noscript>This frame reads what is drawn on it, and needs scripts to do so.</noscript>
<script>const FILES = $files</script>
<script type="module">$script</script>
""")


def pad(model: Path) -> HTML:
    """Return `<digit-pad>` with the exported model in a folder, for a cell to show.

    Below it stands, for each symbol that it read, how sure the network was.

    Raises:
        ExportError: what the script is built with is not installed (`runtime_bundle.fetch_parts`).
        OSError: there is no exported model.
    """
    # A frame of its own: several pads, each with its own network, can stand in one notebook.
    source = document(model).replace("&", "&amp;").replace('"', "&quot;")
    style = f"border: 0; width: 100%; max-width: {WIDTH}px; height: {HEIGHT}px"
    facts = f'title="A pad to write digits on" sandbox="allow-scripts" style="{style}"'
    return HTML(f'<div><iframe {facts} srcdoc="{source}"></iframe></div>')


def document(model: Path) -> str:
    """Return the pad, its network and its runtime as one HTML document."""
    runtime = runtime_bundle.runtime_for(
        runtime_bundle.operations_of(model), WEB / "vendor" / runtime_bundle.NAME
    )
    files = {
        file.name: base64.b64encode(file.read_bytes()).decode() for file in sorted(model.iterdir())
    }
    script = runtime_bundle.run("pad.mjs", str(runtime))
    return DOCUMENT.substitute(files=json.dumps(files), script=script)
