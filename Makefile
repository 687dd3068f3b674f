# Everything needs only Python >= 3.11 with venv, make and git; the rest is installed into .venv from requirements.lock.
PYTHON ?= python3
PORT ?= 8000

BIN := .venv/bin
STAMP := .venv/installed
UV_VERSION := 0.13.9

.PHONY: help book test serve lab bench alone ends torch audit links pyodide pdf zip refresh lock clean

help:  ## list the targets
	@sed -n 's/^\([a-z ]*\):.*## */  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

# Installed once per state of the lock and of pyproject.toml, and per folder: in a copied or moved .venv the old paths stand.
ifneq "$(shell cat $(STAMP) 2>/dev/null)" "$(CURDIR)"
$(STAMP): elsewhere
endif
.PHONY: elsewhere
elsewhere:

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "This book needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@{ test ! -e $@ || test "$$(cat $@)" = "$(CURDIR)"; } && $(BIN)/python -m pip --version >/dev/null 2>&1 \
		|| { echo "Making .venv ..."; $(PYTHON) -m venv --clear .venv; } \
		|| { echo "Python cannot make .venv; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Installing the locked packages into .venv (a few minutes and about 1 GB the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "Installing the package mlp ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "$(CURDIR)" > $@

book: $(STAMP)  ## execute what changed and write the site to _build/html
	@echo "Building the book: changed notebooks are executed, the others come from the cache ..."
	@$(BIN)/python tools/build.py -q
	@echo "The book is in _build/html; open _build/html/book/index.html, or: make serve"

test: book  ## build the book, then run every test
	@echo "Testing: the package, its doctests, the stored outputs of every notebook, and the built site ..."
	@$(BIN)/python -m pytest -n 2

serve: book  ## serve the built site on this machine only
	@echo "The book is at http://127.0.0.1:$(PORT)/book/index.html (Ctrl+C stops)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

lab: $(STAMP)  ## open the notebooks in JupyterLab
	@env JUPYTER_CONFIG_PATH="$(CURDIR)/binder$${JUPYTER_CONFIG_PATH:+:$$JUPYTER_CONFIG_PATH}" \
		$(BIN)/python -m jupyterlab --ServerApp.root_dir=. --LabApp.default_url=/lab/tree/chapters

bench: $(STAMP)  ## measure speed, memory and an unchanged build, side by side
	@$(BIN)/python tools/bench.py

alone: $(STAMP)  ## run each notebook by itself, with the versions of Colab (needs python3.12)
	@$(BIN)/python tools/alone.py

# The package's tests: they need no site. With another newest Python: make ends NEWEST=3.13
PACKAGE := src/mlp $(patsubst %,tests/test_%.py,activations backprop chain_rule data digits errors losses network paths plots trace training trials widgets)
NEWEST ?= 3.14
ends: $(STAMP)  ## run the package's tests with the oldest and the newest Python and NumPy
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@for end in "3.11 numpy==2.0.*" "$(NEWEST) numpy"; do set -f; set -- $$end; echo "Python $$1, $$2"; \
		$(BIN)/uv run -q --no-project --isolated --python $$1 --with "$$2" --with-editable '.[book,test]' \
			python -m pytest -q -o addopts=--doctest-modules -p no:cacheprovider $(PACKAGE) || exit 1; done

torch: book  ## run the listing that needs PyTorch, and compare momentum and Adam with PyTorch's
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 && $(BIN)/python -c "import torch"
	@$(BIN)/python -m pytest -o addopts= tests/test_next.py

audit: $(STAMP)  ## ask whether a locked package has a known weakness
	@$(BIN)/python -m venv _build/audit && _build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@_build/audit/bin/pip-audit --disable-pip --require-hashes -r requirements.lock

links: $(STAMP)  ## ask every address outside the book whether it is still there
	@$(BIN)/python tools/links.py

pyodide: $(STAMP)  ## fetch Python for the Run buttons of the pages (from npm, and NumPy from Pyodide's release)
	@$(BIN)/python tools/pyodide.py

pdf zip: book  ## the whole book in one file, in _build/takeaway; the next make book links it in the download menu
	@$(BIN)/python tools/takeaway.py $@

refresh: $(STAMP)  ## execute every notebook and store its outputs
	@$(BIN)/python tools/refresh.py

lock: $(STAMP)  ## resolve pyproject.toml anew into requirements.lock, and Binder's part of it
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --upgrade pyproject.toml --all-extras --generate-hashes -o requirements.lock
	@$(BIN)/uv pip compile -q --python-platform linux --python-version 3.11 pyproject.toml --extra lab -c requirements.lock --generate-hashes -o binder/requirements.txt

clean:  ## remove what was built; .venv stays
	rm -rf _build .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
