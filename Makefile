# The chores, by name. `make run` and `make test` are all that a newcomer needs.
PYTHON ?= python3
# Extra words for pip, such as an index with CPU builds of torch: see README, "Installing".
PIP_FLAGS ?=
BIN := .venv/bin

.PHONY: help install run test check format docs pictures browser bench-service bench-answer bench-inference bench-quality bench-knowledge bench-audit bench-audit-search eval soak-short faults promise soak clean bench-verified emulate-avx512

help: ## What there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: .venv/installed ## Create .venv with the pinned dependencies and the command .venv/bin/inthread

.venv/installed: pyproject.toml constraints.txt
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv || \
	  { echo "Python's venv module is missing: on Debian, apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/pip install --disable-pip-version-check --quiet --constraint constraints.txt $(PIP_FLAGS) --editable '.[dev]'
	@touch $@

run: install ## Serve: real Slack with tokens in the environment, a local workspace without
	$(BIN)/inthread model fetch
	$(BIN)/inthread run --sandbox

# Two at a time; but the faults alone: they start services by the dozen, and look at when things happen.
test: export PYTHONDONTWRITEBYTECODE = # what is compiled once is kept: the tests, and what the services import that they start
test: install browser ## Run all tests
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal --ignore tests/faults
	$(BIN)/python -m pytest tests/faults

# The browser tests need Chromium. Where it is missing and we may, it is installed; where not, they say so and skip.
browser:
	@command -v chromedriver >/dev/null && command -v chromium >/dev/null || { \
	  test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y chromium chromium-driver fonts-noto-cjk >/dev/null; } || \
	  echo "chromium and chromedriver are missing: the browser tests will be skipped" >&2

check: install ## Format, lint, types, imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## Put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: install ## Write the pages of docs/ that are made from the code
	$(BIN)/python -m tools.write_docs

pictures: install browser ## Make the pictures of the README anew
	$(BIN)/python -m tools.take_pictures

bench-service: install ## Acknowledgement, first visible message, loop lag: medians and p99, scripted engine
	$(BIN)/python -m tools.bench_service

bench-verified: install ## A question that an entry answers: from its event to the whole verified answer
	$(BIN)/python -m tools.bench_verified

bench-answer: install ## The main job on the real small model: first text, edits, tokens/s, memory
	$(BIN)/inthread model fetch
	$(BIN)/python -m tools.bench_answer

bench-audit-search: install ## The first page of searches in an audit log of a million entries
	$(BIN)/python -m tools.bench_audit_search

bench-inference: install ## Our engine and its peers (installed beside, in .venv-peers): speed, memory, the FAQ workload; a night
	$(BIN)/python -m tools.bench_inference

bench-quality: install ## What 8 bits cost: perplexity and greedy answers of each precision of our engine, real small model
	$(BIN)/inthread model fetch
	$(BIN)/python -m tools.bench_quality

emulate-avx512: install ## Our kernel as processors with AVX-512 would run it, bit for bit, on one that has none (needs libsimde-dev)
	$(BIN)/python -m tools.emulate_avx512

bench-audit: install ## 1,000,000 entries of the audit log: append, verify, export; their speed and memory; ten minutes (ENTRIES=…)
	$(BIN)/python -m tools.bench_audit

bench-knowledge: install ## 100,000 entries: import, encoding, memory, time to answer; a quarter of an hour
	$(BIN)/python -m tools.bench_knowledge

eval: install ## How good answers are: a FAQ and questions about it (FAQ=… QUESTIONS=…; by default a small one of our own)
	$(BIN)/python -m tools.eval_faq $(FAQ) $(QUESTIONS)

soak-short: install ## Eight people ask for ten minutes, in Slack and in the browser: nothing mixed, nothing late
	$(BIN)/inthread model fetch
	$(BIN)/python -m tools.soak --seconds 600

faults: install ## The service killed, cut off, rained on and filled up: every figure of docs/delivery.md, in about an hour
	$(BIN)/python -m tools.faults

promise: install ## One visible reply to every question, through histories that were never tried before
	$(BIN)/python -m pytest tests/delivery/test_promise.py --hypothesis-profile search --timeout 7200

soak: install ## 20,000 messages with the scripted engine: memory, file descriptors and tasks stay level
	$(BIN)/python -m tools.faults --only soak

clean: ## Remove what the chores made
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
