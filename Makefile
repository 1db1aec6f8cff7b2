# `make run` and `make test` are the two commands of the README; both make the environment first, once.
# PYTHON=python3.12 chooses the interpreter, ARGS="--profile smoke" is handed on to the command behind a target.

PYTHON ?=
UV ?= uv
ARGS ?=
BIN := .venv/bin
READY := .venv/.ready
TORCH = $(shell sed -n 's/.*"\(torch==[0-9.]*\)".*/\1/p' pyproject.toml)
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check
# what no lock can hold: torch's file differs between machines and brings the GPU packages, pyaudio needs a compiler
UNLOCKED := torch|pyaudio|triton|nvidia-[a-z0-9-]*|cuda-[a-z-]*

.PHONY: help run test lint lock refresh picture

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

run: $(READY)  ## execute the notebooks into build/ (ARGS="--profile smoke", "--only 02", ...)
	@$(BIN)/python -m mer_utils run $(ARGS)

test: $(READY)  ## run the tests, two at a time (ARGS="-k audio", ...)
	@OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
		$(BIN)/python -m pytest -n 2 $(ARGS)

picture: $(READY)  ## take the README's picture of the explorer, for make refresh ARGS=07; needs a browser
	@$(BIN)/python tests/picture.py

lint: $(READY)  ## check style and format of code and notebooks
	@$(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check .

refresh: $(READY)  ## copy a finished quick run into notebooks/ and figures/ (ARGS="02" for one)
	@$(BIN)/python -m mer_utils refresh $(ARGS)

$(READY): requirements.lock pyproject.toml
	@found=; for python in $(or $(PYTHON),python3 python3.12 python3.11); do \
		problem=$$($$python mer_utils/platforms.py 2>&1) && found=$$python && break; first=$${first:-$$problem}; \
	done; \
	if [ -z "$$found" ]; then echo "$$first" >&2; exit 1; fi; \
	wanted=$$($$found -c 'import sys; print(*sys.version_info[:2])'); \
	if [ "$$($(BIN)/python -c 'import sys; print(*sys.version_info[:2])' 2>/dev/null)" = "$$wanted" ]; then clear=; \
	else clear=--clear; fi; \
	echo "Making the environment in .venv, once (about 2 GB, a few minutes)"; \
	$$found -m venv $$clear .venv
	@echo "  1/3 torch";              $(PIP) $(TORCH)
	@echo "  2/3 the locked packages"; $(PIP) --no-deps --require-hashes -r requirements.lock
	@echo "  3/3 mer_utils";          $(PIP) --no-deps --no-build-isolation -e .
	@touch $(READY)

lock:  ## solve pyproject.toml anew into requirements.lock and environment.yml (ARGS=--upgrade for newer versions)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv, kept outside of .venv: pipx install uv" >&2; exit 1; }
	@trap 'rm -f .lock.solved .lock.part' EXIT; set -e; cp requirements.lock .lock.solved 2>/dev/null || true; \
	$(UV) pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --extra dev \
		--generate-hashes --no-header --no-annotate $(ARGS) --output-file .lock.solved pyproject.toml >/dev/null; \
	awk '/^[a-z0-9]/ { keep = !/^($(UNLOCKED))==/ } keep' .lock.solved > .lock.part; \
	mv .lock.part requirements.lock; \
	{ sed '/- pip:/q' environment.yml; echo '      - $(TORCH)'; \
	  sed -n 's/^\([a-z0-9].*==[^\\]*[^ \\]\) *\\$$/      - \1/p' requirements.lock; echo '      - -e .'; } > .lock.part; \
	mv .lock.part environment.yml
	@echo "requirements.lock: $$(grep -c '==' requirements.lock) packages"
