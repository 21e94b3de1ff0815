"""Render the nginx configuration of a built site, with the headers of hosting/headers.py.

`python -m hosting.build.nginx` writes it to docs/nginx.conf, for /etc/nginx/conf.d/.
"""

import re
from pathlib import Path

import jinja2

from files.atomic import write_atomically
from hosting.headers import HASHED_FOLDER, HEADERS, IMMUTABLE, NO_CACHE

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "nginx.conf"

TEMPLATE = Path(__file__).with_name("nginx.conf.jinja")


def configuration(
    base: str = "/digitpad/",
    root: str = "/var/www/html",
    listen: str = "80",
    name: str = "example.org",
) -> str:
    """Return the configuration, to be included in nginx's `http` block.

    Args:
        base: path of the site on its host, for example `/digitpad/`.
        root: document root; the built site is in its subfolder `base`.
        listen: value of nginx's `listen` directive: a port, or address and port.
        name: host name.
    """
    environment = jinja2.Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # not HTML
    )
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        base=base,
        root=root,
        listen=listen,
        name=name,
        hashed=re.escape(base) + HASHED_FOLDER,
        immutable=IMMUTABLE,
        no_cache=NO_CACHE,
        headers=HEADERS | {"Cache-Control": "$digitpad_cache"},
    )


def main() -> None:
    """Write the example to docs/nginx.conf."""
    write_atomically(EXAMPLE, lambda file: file.write(configuration().encode()))
    print(f"wrote {EXAMPLE}")


if __name__ == "__main__":
    main()
