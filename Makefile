# Two commands do everything on a fresh machine:
#   make demo    the sample gallery, a classifier from scratch, its evaluation and the report, in demo/
#   make test    the tests
# Both make .venv first. make lint and make bench are for people who change the code.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test lint docs bench clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $(READY)

demo: $(READY)
	PATH="$(CURDIR)/$(BIN):$$PATH" sh recipes/demo.sh demo

test: $(READY)  # a process a core, each with one thread; the tests of a file share what they train
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/python docs/make_reference.py

bench: $(READY)
	$(BIN)/python benchmarks/decode.py
	$(BIN)/python benchmarks/course_baseline.py
	$(BIN)/python benchmarks/peers.py
	$(BIN)/python benchmarks/statistics.py

clean:
	rm -rf demo $(VENV)
