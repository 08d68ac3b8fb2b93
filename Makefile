# Two commands do all the set-up: `make demo` and `make test`.

.PHONY: demo test lint unit e2e clean

demo: .venv/demo.stamp
	.venv/bin/o1magic demo

test: lint unit e2e

lint: .venv/test.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

unit: .venv/test.stamp
	.venv/bin/python -m pytest --ignore=tests/e2e

# Its own process: the browser's event loop and the kernel clients' do not share one.
e2e: .venv/test.stamp
	sh scripts/chromium.sh
	.venv/bin/python -m pytest tests/e2e

.venv/demo.stamp: pyproject.toml hatch_build.py scripts/venv.sh
	sh scripts/venv.sh '.[demo]'
	touch $@

.venv/test.stamp: pyproject.toml hatch_build.py scripts/venv.sh
	sh scripts/venv.sh '.[test]'
	touch $@ .venv/demo.stamp

clean:
	rm -rf .venv dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis
