# Two commands matter: `make demo` and `make test`. Each sets up what it needs; `make help` lists the rest.

VENV   := .venv
PY     := $(VENV)/bin/python
PIP    := $(PY) -m pip install -qq --no-input --disable-pip-version-check
NPM    := npm --prefix js --silent
BUNDLE := nbstream/static/widget.js
WHEEL  := .cache/wheel
JS     := $(wildcard js/*.json js/*.js js/*.mjs js/*.ts) $(shell find js/src -type f 2>/dev/null)
PYFILES := $(shell find nbstream -name '*.py') nbstream/py.typed
SAY    = @printf '\n== %s\n'

AGENTS := $(VENV)/envs/agents

.PHONY: help demo test check lint format types js pytest agents matrix dev bench soak screenshots wheel clean clean-all

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: $(VENV)/.demo ## open JupyterLab on notebooks/quickstart.ipynb (no API key needed)
	@$(PY) scripts/demo.py

test: check pytest agents ## everything: lint, types, unit, contract, wire, vitest, the browser tests on the built wheel, agents

check: lint types js ## the quick half of `make test`: no kernel, no browser

lint: $(VENV)/.dev ## ruff: rules and format
	$(SAY) "ruff"
	@$(VENV)/bin/ruff check --quiet . && $(VENV)/bin/ruff format --check --quiet . && echo ok

format: $(VENV)/.dev ## let ruff format and fix
	@$(VENV)/bin/ruff check --quiet --fix . ; $(VENV)/bin/ruff format .

types: $(VENV)/.dev ## mypy --strict
	$(SAY) "mypy"
	@$(VENV)/bin/mypy

js: $(BUNDLE) ## the front-end: lint, types, vitest
	$(SAY) "front-end: lint, types, tests"
	@$(NPM) run lint && $(NPM) run types && $(NPM) test

# The wheel is what gets tested: it comes first on the path, and nothing else of the checkout is on it.
pytest: wheel ## every Python test, the browser tests beside the others
	$(SAY) "pytest, on the built wheel"
	@NBSTREAM_CHROMIUM="$$($(PY) scripts/chromium.py --install)" PYTHONPATH=$(CURDIR)/$(WHEEL) PYTHONSAFEPATH=1 \
	  NBSTREAM_WHEEL=1 $(PY) scripts/tests.py $(ARGS)

# The OpenHands SDK needs Python 3.12 and pins packages of its own: its tests have an environment for themselves.
agents: $(AGENTS)/.ready ## the tests with a real OpenHands conversation, on Python 3.12 or newer
	$(SAY) "agents, on the built wheel"
	@PYTHONPATH=$(CURDIR)/$(WHEEL) PYTHONSAFEPATH=1 $(AGENTS)/bin/python -m pytest tests/agents -q -W default --disable-warnings $(ARGS)

$(AGENTS)/.ready: pyproject.toml scripts/python.sh $(WHEEL)/.installed
	$(SAY) "set-up: Python 3.12 or newer with the OpenHands SDK (a minute or two the first time)"
	@test -x $(AGENTS)/bin/python || { python=$$(sh scripts/python.sh 3.12 3.13) && "$$python" -m venv $(AGENTS); }
	@$(AGENTS)/bin/python -m pip install -qq --no-input --disable-pip-version-check "$$(ls dist/*.whl)[agents]" && touch $@

matrix: $(VENV)/.dev wheel ## the unit and contract tests on Python 3.11, 3.12 and 3.13
	@sh scripts/matrix.sh $(VENV)/envs $(WHEEL) $(ARGS)

wheel: $(WHEEL)/.installed ## build the sdist and, from it, the wheel (dist/)

$(WHEEL)/.installed: $(VENV)/.dev $(BUNDLE) $(PYFILES)
	$(SAY) "wheel"
	@mkdir -p .cache && rm -rf dist $(WHEEL) && $(PY) -m build --no-isolation . > .cache/build.log 2>&1 || { cat .cache/build.log; exit 1; }
	@$(PIP) --no-deps --target $(WHEEL) dist/*.whl && ls dist && touch $@

dev: $(VENV)/.dev ## bundle on save, hot reload in JupyterLab
	@$(NPM) run watch & watch=$$!; trap "kill $$watch" EXIT; ANYWIDGET_HMR=1 $(PY) scripts/demo.py

bench: $(VENV)/.dev ## measure CPU, lag and growth, beside other ways to show a stream; writes docs/benchmarks.md (5 minutes)
	@$(PIP) -e '.[bench]' || echo "some packages to compare with could not be installed; they are left out" >&2
	@$(PY) -m benchmarks $(ARGS)

soak: wheel ## the long repetitions that `make test` leaves out
	@$(MAKE) pytest ARGS="-m soak --timeout=3600 $(ARGS)"

screenshots: $(VENV)/.dev ## take the pictures of docs/images: the demo in JupyterLab, and every state of a view
	@$(PY) scripts/screenshots.py && $(PY) scripts/pictures.py

$(PY):
	@sh scripts/venv.sh $(VENV)

$(VENV)/.demo: pyproject.toml $(BUNDLE) | $(PY)
	$(SAY) "set-up: Python packages for the demo (a minute or two the first time)"
	@$(PIP) -e '.[lab]' && touch $@

$(VENV)/.dev: pyproject.toml | $(PY) $(BUNDLE)
	$(SAY) "set-up: Python packages (a minute or two the first time)"
	@$(PIP) -e '.[dev]' && touch $@ $(VENV)/.demo

js/node_modules/.package-lock.json: js/package-lock.json
	$(SAY) "set-up: npm packages"
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' && command -v npm >/dev/null || \
	  { echo "Node.js 20 or newer, with npm, was not found; install it" >&2; exit 1; }
	@npm --prefix js ci --no-audit --no-fund --loglevel=error && touch $@

$(BUNDLE): js/node_modules/.package-lock.json $(JS)
	$(SAY) "bundle"
	@$(NPM) run build && touch $@

clean: ## remove what was built; keep what was installed
	rm -rf dist build .cache test-results nbstream/static .mypy_cache .ruff_cache .pytest_cache .hypothesis

clean-all: clean ## and what was installed
	rm -rf $(VENV) js/node_modules
