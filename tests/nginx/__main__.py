"""The site served by nginx at /some/where/: `make nginx`.

    python -m tests.nginx [PYTEST ARGUMENTS]

builds the site, starts nginx with the configuration of hosting/build/nginx.py, and runs
test_site.py and tests/web against it. Tests with a host of their own still use that, as
test_collect.py does, which starts nginx as a proxy. Not part of
`make test`, because nginx must be installed; the target does that.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hosting.build.dist import build
from hosting.build.nginx import configuration
from tests.nginx.test_site import BASE

ROOT = Path(__file__).resolve().parents[2]
TESTS = ["tests/nginx/test_site.py", "tests/nginx/test_collect.py", "tests/web"]
MAIN = """daemon off; {user} pid {folder}/pid; error_log stderr crit;
events {{ }}
http {{
    include {types};
    access_log off;
    client_body_temp_path {folder}/temp; proxy_temp_path {folder}/temp;
    fastcgi_temp_path {folder}/temp; uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp;
    include {folder}/site.conf;
}}
"""


def main(arguments: list[str]) -> int:
    """Serve the site, run the tests and return pytest's exit status."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as url:
        command = [sys.executable, "-m", "pytest", *(arguments or TESTS)]
        environment = os.environ | {"DIGITPAD_SITE": url}
        return subprocess.run(command, cwd=ROOT, env=environment).returncode


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Build the site into a folder and serve it with nginx; yield its URL."""
    build(ROOT / "web", folder / "host" / BASE.strip("/"), BASE)
    port = free_port()
    text = configuration(BASE, str(folder / "host"), f"127.0.0.1:{port}", "localhost")
    with running(folder, text, port):
        yield f"http://127.0.0.1:{port}{BASE}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@contextmanager
def running(folder: Path, site: str, port: int) -> Iterator[int]:
    """Run nginx with the configuration of a site that listens on a port; yield the port."""
    (folder / "site.conf").write_text(site)
    user = "user root;" if os.geteuid() == 0 else ""  # otherwise the workers cannot read the folder
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if nginx is None:
        sys.exit("digitpad: nginx is not installed: `make nginx` installs it")
    built = subprocess.run([nginx, "-V"], capture_output=True, text=True).stderr
    types = Path(re.search(r"--conf-path=(\S+)", built)[1]).parent / "mime.types"
    (folder / "nginx.conf").write_text(MAIN.format(user=user, folder=folder, types=types))
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with subprocess.Popen(command) as process:
        try:
            wait_for(port, process)
            yield port
        finally:
            process.terminate()


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Wait until nginx accepts connections; exit if it ends before."""
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("digitpad: nginx does not start: see above")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
