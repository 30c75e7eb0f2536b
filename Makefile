PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
NPM_CI := npm ci --prefix browser --ignore-scripts --no-audit --no-fund
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check lint pytest slow fix tables onnx browser site clean

help: ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/\t/' | expand -t 10

demo: $(VENV)/.demo ## restore sample photographs and compare them with the originals
	$(BIN)/python examples/demo.py --out demo

test: lint pytest ## lint, types, layers and the whole default test suite: what CI runs

check: test ## the same as test

lint: $(VENV)/.dev ## style, types and import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

# a file's tests stay in one process, which computes on one core: its neighbours have the others, and one
# process more has them while tests wait for commands and servers
pytest: $(VENV)/.dev ## the default tests alone
	OMP_NUM_THREADS=1 $(BIN)/pytest --dist loadfile --maxprocesses 4 \
		--numprocesses $$($(BIN)/python -c 'import os; print(1 + (os.cpu_count() or 1))')

slow: $(VENV)/.dev ## the tests that take minutes
	$(BIN)/pytest -m slow

fix: $(VENV)/.dev ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

tables: $(VENV)/.dev ## write tables and pictures anew, from stored rows, the demo and waifu2x
	$(BIN)/jcarsr tables results/*.jsonl --into docs/results.md
	$(BIN)/jcarsr tables results/*.jsonl --set Set14 --scale 2 --into docs/research.md
	$(BIN)/jcarsr tables results/*.jsonl --set Set14 --scale 2 --history web --restorer bicubic \
	  --restorer "waifu2x cunet" --restorer "waifu2x photo" --restorer auto --into README.md
	$(BIN)/python benchmarks/crisp_report.py results/crisp --into docs/crisp.md
	$(BIN)/python tools/training_log.py
	$(BIN)/jcarsr experiment all --rows results/experiments --into docs/experiments.md
	$(BIN)/python benchmarks/report.py benchmarks/speed.jsonl --into docs/speed.md --plot docs/speed.svg
	$(BIN)/python examples/demo.py --out demo --readme docs/before-after.webp
	$(BIN)/python benchmarks/sheet.py --out docs/web-pictures.webp

onnx: $(VENV)/.dev ## the one-file graphs of a release, in build/onnx/
	$(BIN)/python tools/build_graphs.py --out build/onnx

browser: $(VENV)/.dev ## the page that restores in the browser, in build/browser/; needs npm
	$(NPM_CI)
	$(BIN)/python tools/browser_page.py --out build/browser

# without npm, or without its packages, the site is built all the same; a page that cannot be built is a failure
site: $(VENV)/.dev ## the documents as a site, in site/, with the page of `make browser` where npm is; a warning is a failure
	@if ! command -v npm >/dev/null; then echo "note: no npm: the page for the browser is not built" >&2; \
	elif ! $(NPM_CI); then echo "note: npm has no packages: the page for the browser is not built" >&2; \
	else $(BIN)/python tools/browser_page.py --out build/browser; fi
	$(BIN)/python tools/site_pages.py --out build/docs
	$(BIN)/zensical build --strict --clean

clean: ## remove everything that make made
	rm -rf $(VENV) build demo site browser/node_modules .pytest_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "jcarsr needs Python >= 3.11: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[demo]'
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
