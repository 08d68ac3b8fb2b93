# Two commands do all the set-up: `make demo` and `make test`.

# What an editable install copies or makes: when it changes, it is installed again.
INSTALLED := pyproject.toml hatch_build.py scripts/venv.sh o1magic/jupyter/server_config.json \
	$(wildcard labextension/*.json labextension/src/* labextension/style/* labextension/schema/*) \
	o1magic/jupyter/chart.js o1magic/jupyter/chart.d.ts

.PHONY: demo test lint ruff mypy web unit server e2e docs clean

demo: .venv/demo.stamp
	.venv/bin/o1magic demo

# All of them even after one has failed, so that one run shows everything there is to mend. Two at a time: the browser's
# tests mostly wait.
test:
	@$(MAKE) --no-print-directory --keep-going --jobs=2 --output-sync=target unit lint web server e2e

lint: ruff mypy

ruff: .venv/test.stamp
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

mypy: .venv/test.stamp
	.venv/bin/mypy

# The JupyterLab extension's own: how it is written, and the specs of what is pure in it.
web: .venv/test.stamp
	cd labextension && PATH="$(CURDIR)/.venv/bin:$$PATH" npm run --silent lint
	cd labextension && PATH="$(CURDIR)/.venv/bin:$$PATH" npm run --silent test

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
	.venv/bin/python scripts/cue_index.py

.venv/demo.stamp: $(INSTALLED)
	sh scripts/venv.sh '.[demo]'
	touch $@

.venv/test.stamp: $(INSTALLED)
	sh scripts/venv.sh '.[test]'
	touch $@ .venv/demo.stamp

clean:
	rm -rf .venv dist build o1magic/labextension labextension/lib labextension/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
