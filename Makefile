# Two commands do all the set-up: `make demo` and `make test`.

.PHONY: demo test lint ruff mypy unit server e2e docs clean

demo: .venv/demo.stamp
	.venv/bin/o1magic demo

# All of them even after one has failed, so that one run shows everything there is to mend.
test:
	@$(MAKE) --no-print-directory --keep-going lint unit server e2e

lint: ruff mypy

ruff: .venv/test.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

mypy: .venv/test.stamp
	.venv/bin/mypy

unit: .venv/test.stamp
	.venv/bin/python -m pytest --ignore=tests/e2e --ignore=tests/server

# Processes of their own: a server's event loop, the browser's and the kernel clients' do not share one.
server: .venv/test.stamp
	.venv/bin/python -m pytest -p pytest_jupyter.jupyter_server tests/server

e2e: .venv/test.stamp
	sh scripts/chromium.sh
	.venv/bin/python -m pytest tests/e2e

# The rule reference, from the rules' own pages; a test compares it.
docs: .venv/test.stamp
	.venv/bin/python scripts/rules_reference.py

.venv/demo.stamp: pyproject.toml hatch_build.py scripts/venv.sh
	sh scripts/venv.sh '.[demo]'
	touch $@

.venv/test.stamp: pyproject.toml hatch_build.py scripts/venv.sh
	sh scripts/venv.sh '.[test]'
	touch $@ .venv/demo.stamp

clean:
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
