# Everything a developer does: `make demo`, `make test`. GNU make 3.81 and a POSIX shell are enough.
#   make demo KEEP=1                  leave the demo's servers running
#   make demo RELEASES=file.csv.xz    import that HHS release file, too
#   make test PYTHON=python3.12       choose the Python .venv is made with
#   make test WORKERS=1               run one file of tests after the other (default: 3 side by side)
#   make soak SECONDS=600 SEED=17     kill processes under load for so long (default: 1800 seconds, a new seed)

SHELL = /bin/sh
PYTHON =
WORKERS = 3
BIN = .venv/bin

.PHONY: demo test tests check bench soak requirements clean

demo: .venv/made
	$(BIN)/custody demo $(if $(KEEP),--keep) $(if $(RELEASES),--releases '$(RELEASES)')

test: check tests

# The tests wait for servers and processes most of the time. The files that take longest come first.
tests: .venv/made
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0

check: .venv/made
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m custody.publishing --check

bench: .venv/made
	$(BIN)/python -m bench

soak: .venv/made
	$(BIN)/python -m tests.end_to_end.crash $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

.venv/made: requirements.txt pyproject.toml .ci/make-venv
	PYTHON='$(PYTHON)' .ci/make-venv

requirements:
	.ci/pin

clean:
	rm -rf .venv .mypy_cache .ruff_cache .hypothesis .import_linter_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
