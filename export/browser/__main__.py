"""Find or fetch a browser: `python -m export.browser`."""

from export.browser.launch import main

main()
