"""Find or install a browser: `python -m export.browser`."""

from export.browser.launch import main

main()
