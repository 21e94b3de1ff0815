"""nginx's configuration for a built site, from the one list of headers.

`python -m hosting.build.nginx` writes it to docs/nginx.conf, for /etc/nginx/conf.d/.
"""

import re
from pathlib import Path

from files.atomic import write_atomically
from hosting.headers import FRESH, HASHED, HEADERS, LASTING

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "nginx.conf"

CONFIGURATION = """\
# nginx for digitpad under {base}, on top of what `make site BASE={base}` wrote.
# Written by `python -m hosting.build.nginx`; for /etc/nginx/conf.d/, after a look at the first
# four lines of the server. Browsers keep the page for the time without a network over HTTPS alone.

# What is in a folder named by its content's hash never changes; a missing file there may come.
map "$status $uri" $digitpad_cache {{
    "~^(200|304) {hashed}/" "{lasting}";
    default "{fresh}";
}}

server {{
    listen {listen};
    server_name {name};
    root {root};  # {base} lies in it
    server_tokens off;

    # On errors too. nginx drops all of these in a location that has an add_header of its own: add
    # none below.
{headers}
    gzip_static on;  # the .gz beside each file; stock nginx has nothing for .br
    gzip_vary on;
    max_ranges 0;  # nobody wants parts of such files, and a wrong range gets each header twice
    error_page 404 {base}404.html;
{slash}
    location {base} {{
        index index.html;
    }}

    location = {base}manifest.webmanifest {{
        types {{ }}
        default_type application/manifest+json;  # not among nginx's own
    }}
}}
"""
SLASH = """
    location = {bare} {{
        absolute_redirect off;
        return 301 {base};
    }}
"""


def configuration(
    base: str = "/digitpad/",
    root: str = "/var/www/html",
    listen: str = "80",
    name: str = "example.org",
) -> str:
    """The text of the configuration, to be included in nginx's `http` block.

    Args:
        base: where the site lives, as `/digitpad/`.
        root: the folder whose part at `base` is the built site.
        listen: address and port.
        name: the host's name.
    """
    said = HEADERS | {"Cache-Control": "$digitpad_cache"}
    lines = (f'    add_header {header} "{value}" always;\n' for header, value in said.items())
    slash = SLASH.format(bare=base.rstrip("/"), base=base) if base != "/" else ""
    return CONFIGURATION.format(
        base=base,
        root=root,
        listen=listen,
        name=name,
        hashed=re.escape(base) + HASHED,
        lasting=LASTING,
        fresh=FRESH,
        headers="".join(lines),
        slash=slash,
    )


def main() -> None:
    """Write the example."""
    write_atomically(EXAMPLE, lambda file: file.write(configuration().encode()))
    print(f"wrote {EXAMPLE}")


if __name__ == "__main__":
    main()
