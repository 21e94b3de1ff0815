"""Show the page's pad in a notebook, as one HTML document with code and model and no server.

Notebooks display the output of a cell under their own policies. VS Code's is the strictest: it
runs inline scripts only, neither `blob:` nor `data:` URLs
(https://github.com/microsoft/vscode, backLayerWebView.ts). So the page's modules become one script.
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
    """Return a `<digit-pad>` that runs the exported model in a folder, as output of a cell.

    Below the pad, a line shows each symbol of the reading with its confidence.

    Raises:
        ExportError: the build's packages are not installed; see `runtime_bundle.fetch_parts`.
        OSError: the folder contains no exported model.
    """
    # Each pad has its own frame, so a notebook can show several with different networks.
    source = document(model).replace("&", "&amp;").replace('"', "&quot;")
    style = f"border: 0; width: 100%; max-width: {WIDTH}px; height: {HEIGHT}px"
    attributes = f'title="A pad to write digits on" sandbox="allow-scripts" style="{style}"'
    return HTML(f'<div><iframe {attributes} srcdoc="{source}"></iframe></div>')


def document(model: Path) -> str:
    """Return pad, network and runtime as one HTML document. Raises ExportError and OSError."""
    runtime = runtime_bundle.runtime_for(
        runtime_bundle.operations_of(model), WEB / "vendor" / runtime_bundle.NAME
    )
    files = {
        file.name: base64.b64encode(file.read_bytes()).decode() for file in sorted(model.iterdir())
    }
    script = runtime_bundle.run("pad.mjs", str(runtime))
    return DOCUMENT.substitute(files=json.dumps(files), script=script)
