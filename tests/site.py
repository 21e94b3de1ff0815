"""A small site with a model, a secret beside it, and server.py to serve it."""

import hashlib
import json
import shutil
from pathlib import Path

import server

ROOT = Path(server.__file__).parent
SECRET = b"not for the web"


def small_site(folder: Path) -> Path:
    """Write index.html, script.js and model/ into a folder, and secret.txt beside it."""
    model = folder / "model"
    model.mkdir(parents=True)
    (folder / "index.html").write_text("<title>pad</title>")
    (folder / "script.js").write_text("export const one = 1;")
    (folder.parent / "secret.txt").write_bytes(SECRET)
    files = {"model.json": b"{}", "weights.bin": bytes(range(256))}
    for name, content in files.items():
        (model / name).write_bytes(content)
    facts = {
        n: {"bytes": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in files.items()
    }
    (model / "meta.json").write_text(json.dumps({"files": facts}))
    return folder


def server_beside(folder: Path) -> Path:
    """Copy server.py to where `folder` is its default site, if it is called web; return it."""
    shutil.copy(ROOT / "server.py", folder.parent)
    shutil.copytree(ROOT / "hosting", folder.parent / "hosting")
    return folder.parent / "server.py"
