# Everything a person or a machine does with smartscope. Python 3.11 or newer and make are enough.
#   make demo ARGS="--grids 2 --seed 7 --speed 60 --fresh"

# A Python that is named here is taken even where .venv has another: make setup PYTHON=python3.12
PYTHON ?= python3
CHOSEN := $(if $(filter file,$(origin PYTHON)),,--chosen)
RUN := .venv/bin/python
ARGS ?=
# Tests run side by side; say WORKERS=0 to debug one.
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench soak schema format clean

help: ## Say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: ## Make .venv and build the page; a second run changes nothing
	@$(PYTHON) -m tools.setup $(CHOSEN)

demo: setup ## A microscope, its night and the page, on this machine: --grids --seed --speed --fresh
	@exec $(RUN) -m smartscope.demo $(ARGS)

test: setup ## Every test, on a real PostgreSQL and Redis: WORKERS=0 ARGS="tests/domain -x"
	@$(RUN) -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

check: setup ## Lint, types, layers, migrations, API description, containers, page
	@$(RUN) -m tools.check

bench: setup ## Every benchmark against its named alternative: --quick --json DIR
	@$(RUN) -m tools.bench $(ARGS)

soak: setup ## What takes hours: --nights 30 --quiet-nights 20 --schedules 1000 --api-cases --odds
	@$(RUN) -m tools.soak $(ARGS)

schema: setup ## Accept the API's present description as api/schema.yaml
	@$(RUN) -m tools.api_schema

format: setup ## Put code into the form that check asks for
	@.venv/bin/ruff check --fix . && .venv/bin/ruff format .

clean: ## Remove what setup and the demo made; sources stay
	@rm -rf .venv var frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache
