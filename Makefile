# Two commands do everything on a fresh machine with Python ≥ 3.11: make run, make test.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := data/demo
SCORED := data/scored/new_leads
AS_OF := 2026-07-01
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true

.DEFAULT_GOAL := help

.PHONY: help setup run test lint format simulate bench quality pictures clean

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

setup: $(VENV)/.ready ## Install everything into .venv, versions pinned by requirements.lock

run: setup ## Main job on built-in data: simulate a company, train, score its new leads, explain one
	$(BIN)/predict demo --to $(DEMO) --leads 8000
	$(BIN)/predict train pipelines/demo.toml
	$(BIN)/predict score $(DEMO)/new_leads.csv --definition pipelines/demo.toml --to $(SCORED) --as-of $(AS_OF)
	$(BIN)/predict explain --scored $(SCORED)

# One thread a worker: two pools on two cores mostly wait for each other.
test: setup ## All tests but the long simulations
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n auto --dist loadfile

lint: setup ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## Put the code into the house style
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

simulate: setup ## Long simulations; their tables are committed with seed and command
	$(BIN)/python -m benchmarks.demo_truth --seeds 20 --to benchmarks/demo_truth.md
	$(BIN)/python -m benchmarks.zoo --seeds 20 --to benchmarks/zoo.md
	$(BIN)/python -m benchmarks.gate --draws 200 --seed 2026 --to benchmarks/gate.md
	$(BIN)/python -m benchmarks.kills --moments 50 --seed 0 --fast --to benchmarks/kills.md
	$(BIN)/python -m benchmarks.drift --seeds 20 --leads 6000 --to benchmarks/drift.md
	$(BIN)/python -m benchmarks.reasons --seeds 5 --leads 6000 --to benchmarks/reasons.md
	$(BIN)/python -m benchmarks.small --seeds 20 --to benchmarks/small.md

bench: setup ## Accuracy on the real exports in ../shared/data, beside a plain reference
	$(BIN)/python -m benchmarks.accuracy

quality: setup ## Other learners beside ours; their environments are made as benchmarks/quality says
	$(BIN)/python -m benchmarks.quality --to benchmarks/quality.md

pictures: setup ## Draw docs/lead_*.png from the list that make run scored
	$(BIN)/python -m benchmarks.pictures $(SCORED)

clean: ## Remove what make run and the tests leave behind
	rm -rf $(DEMO) data/scored models/archive models/artifacts models/cache models/ledger models/reports models/mlflow.db models/.lock
