"""Untrusted answers in a real JupyterLab, in cells that were just run and so are trusted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab import evaluate, lab_server, open_notebook, run_all

ROOT = Path(__file__).parents[2]
BOOM = "window.__pwned=1;alert(1)"
IMG = f'<img src=x onerror="{BOOM}">'
SCRIPT = f"<script>{BOOM}</script>"
REMOTE = "https://exfil.example/p.png"

ATTACKS = [
    SCRIPT,
    IMG,
    f"a {IMG} b",
    f"- {IMG}\n- x\n  - {IMG}\n\n    {IMG}",
    f"> {IMG}\n> > {IMG}",
    f"# {IMG}\n\n{IMG}\n===\n\n{IMG}\n---",
    f"| a | {IMG} |\n|---|---|\n| {SCRIPT} | `|` {IMG} `|` |",
    f"*{IMG}* **{IMG}** ~~{IMG}~~ ~~`~~{IMG}~~`~~",
    f"[{IMG}](https://a.example)",
    f"[a](https://a.example '{IMG}')",
    f"[a](https://a.example \"x' onmouseover={BOOM} y='\")",
    f"![{IMG}](x)",
    f"![a]({REMOTE})",
    f"![a][r] ![r]\n\n[r]: {REMOTE} 'title'",
    f"[![a]({REMOTE})](javascript:{BOOM})",
    f"!<{REMOTE}> ![a\n\n]({REMOTE})",
    f'<iframe srcdoc="{SCRIPT}"></iframe><object data="javascript:1"></object><embed src="javascript:1">',
    f"<svg onload='{BOOM}'><animate onbegin='{BOOM}'/></svg>",
    f"<!-- --> <!-- {SCRIPT}\n\n-->{IMG}\n\n<![CDATA[{IMG}]]> <?php {IMG} ?> <!DOCTYPE {IMG}>",
    "<button data-commandlinker-command='notebook:run-all-cells' data-commandlinker-args='{}'>go</button>",
    "<a href='#' data-commandlinker-command='application:close'>x</a>",
    f"<style>*{{background:url({REMOTE})}}</style><link rel=stylesheet href={REMOTE}>",
    f"<base href=https://exfil.example/><meta http-equiv=refresh content='0;url={REMOTE}'>",
    f"<details open ontoggle='{BOOM}'><input autofocus onfocus='{BOOM}'></details>",
    f"[a](javascript:{BOOM}) [b](JaVaScRiPt:{BOOM}) [c](&#106;avascript:{BOOM}) [d](javascript&colon;{BOOM})",
    f"[a](java&Tab;script:{BOOM}) [b](<java\tscript:{BOOM}>) [c](&#x1;javascript:{BOOM}) [d](\\javascript:1)",
    f"[a](vbscript:x) [b](data:text/html,{SCRIPT}) [c](file:///etc/passwd) [d](javascript%3A{BOOM})",
    f"<javascript:{BOOM}> <data:text/html,{BOOM}>",
    f"[a][j]\n\n[j]: javascript:{BOOM}",
    "[a](/logout) [b](../x.ipynb) [c](//exfil.example) [d](\\\\exfil.example)",
    f"$x {IMG} y$ and $${IMG}$$ and \\({IMG}\\) and \\[{IMG}\\]",
    f'[a](https://a.example/$x" onmouseover="{BOOM}$) and @@0@@ $"$ @@1@@',
    f"$`$ {IMG} $`$ `$` {IMG} `$`",
    f"\\begin{{a}} {IMG} \\end{{a}} \\\\({IMG}\\\\)",
    f"$\\href{{javascript:{BOOM}}}{{x}}$ \\(\\require{{html}}\\style{{background:url({REMOTE})}}{{x}}\\)",
    f"\\$ \\href{{javascript:{BOOM}}}{{x}} \\$ &#36;\\href{{javascript:{BOOM}}}{{x}}&#36;",
    f"\\\\(\\href{{javascript:{BOOM}}}{{x}}\\\\) &#92;(\\href{{javascript:{BOOM}}}{{x}}&#92;)",
    f'```py"><img src=x onerror={BOOM}>\ncode\n```',
    f'```mermaid\ngraph TD\n  A["{IMG}"]\n  click A href "javascript:{BOOM}"\n```',
    f"```html\n{IMG}\n```\n{IMG}",
    f"````\n```\n{IMG}\n```\n````\n{IMG}",
    f"~~~~a~~~~ x\n\n```\n~~~~\n{IMG}\n```",
    f"- a\n\n  ```html\n  {IMG}\n{IMG}\n```\n{IMG}\n```\n{IMG}",
    f"> ```html\n> {IMG}\n{IMG}\n> ```\n{IMG}",
    f"1. ```\n   {IMG}\n   ~~~\n   {IMG}",
    f"```\n{IMG}",
    f"    {IMG}\n\n\t{IMG}\n\n-\t\t{IMG}",
    f"`` ` {IMG} `` `{IMG}` \\`{IMG}\\` ``{IMG}`",
    f"http://a.example/`{IMG}` www.a.example`{IMG}` a@a.example`{IMG}`",
    f"[x\n\n```\n]: y\n{IMG}\n```\n\n[x]: y {IMG}",
    f"[x]\n  ```\n]: b\n{IMG}\n```",
    f'&lt;img src=x onerror="{BOOM}"&gt; &#60;script&#62;{BOOM}&#60;/script&#62; &amp;lt;script&amp;gt;',
    f"\\<img src=x onerror={BOOM}> <\\img> <\nimg src=x onerror={BOOM}>",
    f"<im\x00g src=x onerror={BOOM}> \x1b]8;;{REMOTE}\x07x\x1b]8;;\x07 \u202e {IMG}",
    f"<x-foo {IMG} <a\n\nhref=javascript:{BOOM}>",
    f"</code></pre></div>{IMG}\n\n```\n</code></pre>{IMG}\n```\n\n`</code>{IMG}`",
    f"[^1]: {IMG}\n\nterm\n: {IMG}\n\n==={IMG}===",
    "> " * 60 + IMG,
    "- " * 60 + IMG,
    "*" * 3000 + IMG,
]

BENIGN = """# The transpose

Some *emphasis*, **strong words**, `code` and `<b>tags</b>`; it costs $5 and $7, or $5.

Euler: \\(e^{i\\pi} + 1 = 0\\), $a<b$ and

\\[
\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}^T
= \\begin{pmatrix} a & c \\\\ b & d \\end{pmatrix}
\\]

| name | value |
|:-----|------:|
| x    | `a\\|b` |

1. first
2. second

   ```bash
   echo done
   ```

- [ ] to do
- [x] done

```python
def transpose(rows: list[str]) -> None:
    if rows < "<script>": print(f"{rows!r} $HOME $PATH")
```

```python
pattern = "\\\\(a\\\\)" + '@@0@@'
```

> A quote with [a link](https://a.example/b_c?d=e&f).
"""

CELL = """
import json
from IPython.display import display
from o1magic import untrusted
for source in json.load(open({file!r}, encoding="utf-8"))[{start}:{stop}]:
    for shown in ({expression}):
        display({{"text/markdown": shown}}, raw=True)
"""

HOOKS = """
window.__ran = [];
Object.defineProperty(window, '__pwned', {set: value => window.__ran.push('script ' + value)});
window.print = () => window.__ran.push('print');
window.open = (...where) => { window.__ran.push('open ' + where); return null; };
"""

# Looked for where model text is shown: the outputs and the table of contents.
FORBIDDEN = """() => {
    const bad = [];
    for (const root of document.querySelectorAll('.jp-RenderedMarkdown, #table-of-contents')) {
        for (const node of root.querySelectorAll('*')) {
            const inMath = node.closest('mjx-container');
            for (const type of ['pointerover', 'mouseover', 'focus']) { node.dispatchEvent(new Event(type)); }
            const tag = node.localName;
            if (/^(script|iframe|object|embed|svg|img|style|link|meta|base|form|button|video|audio)$/.test(tag)
                && !inMath && !node.closest('#table-of-contents')) { bad.push(node.outerHTML); }
            for (const attribute of node.attributes) {
                if (/^on|^data-commandlinker|^srcdoc$|^srcset$/.test(attribute.name)) { bad.push(node.outerHTML); }
                if (/url\\(/i.test(attribute.value) && attribute.name === 'style') { bad.push(node.outerHTML); }
            }
            const href = node.getAttribute('href');
            if (href !== null && !/^(https?:|mailto:|#)/.test(href)) { bad.push(node.outerHTML); }
            const src = node.getAttribute('src');
            if (src !== null && !node.closest('#table-of-contents')) { bad.push(node.outerHTML); }
        }
    }
    return bad;
}"""

SETTLED = """async () => {
    const count = () => document.querySelectorAll('.jp-RenderedMarkdown *').length;
    for (let before = -1, same = 0; same < 5; ) {
        await new Promise(done => setTimeout(done, 100));
        same = count() === before ? same + 1 : 0;
        before = count();
    }
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    root = tmp_path_factory.mktemp("lab")
    write_notebook(root, "attacks", ATTACKS, "untrusted.markdown(source), untrusted.caption(source)")
    write_notebook(root, "naive", [f"x {IMG}", f"![a]({REMOTE})"], "[source]")
    write_notebook(root, "benign", [BENIGN])
    write_notebook(root, "huge", [huge_answer(500_000)])
    with lab_server(root, {"PYTHONPATH": str(ROOT)}) as running:
        yield running


def write_notebook(root, name, sources, expression="[untrusted.markdown(source)]"):
    data = root / f"{name}.json"
    data.write_text(json.dumps(sources), encoding="utf-8")
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{start}",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": CELL.format(file=str(data), expression=expression, start=start, stop=start + 20),
        }
        for start in range(0, len(sources), 20)  # JupyterLab shows the first 50 outputs of a cell
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    (root / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def huge_answer(size):
    part = (
        "## Part\n\nProse with **weight**, `code`, \\(x^2\\).\n\n- a\n- b\n\n"
        "```python\nprint(1)\n```\n\n| a |\n|--|\n| 1 |\n\n"
    )
    return part * (size // len(part) + 1)


def show(page, lab, name):
    page.add_init_script(HOOKS)
    open_notebook(page, lab, f"{name}.ipynb")
    errors = run_all(page)
    evaluate(page, SETTLED)
    return errors


def test_nothing_in_an_answer_runs_or_loads(lab, watched_page):
    """No attack in a trusted output runs a script, loads anything, or leaves an element that could."""
    page, watch = watched_page

    errors = show(page, lab, "attacks")
    evaluate(page, "() => window.jupyterapp.shell.activateById('table-of-contents')")
    evaluate(page, SETTLED)

    assert errors == []
    assert evaluate(page, FORBIDDEN) == []
    assert evaluate(page, "() => window.__ran") == []
    assert watch.dialogs == []
    assert watch.foreign == []
    assert watch.windows == []
    shown = evaluate(page, "() => document.querySelectorAll('.jp-OutputArea-output').length")
    assert shown == 2 * len(ATTACKS)


def test_the_same_page_would_run_and_load_what_is_not_neutralised(lab, watched_page):
    """The watch works: an answer shown as it came does run its script and does load its picture."""
    page, watch = watched_page

    show(page, lab, "naive")

    assert evaluate(page, "() => window.__ran") == ["script 1"]
    assert watch.dialogs == ["1"]
    assert watch.foreign == [REMOTE]
    assert evaluate(page, FORBIDDEN) != []


def test_an_ordinary_answer_looks_as_it_should(lab, watched_page, tmp_path):
    """Headings, lists, tables, code, links, mathematics and prices come out as the model meant them."""
    page, watch = watched_page

    errors = show(page, lab, "benign")
    page.wait_for_selector(".jp-RenderedMarkdown mjx-container", timeout=20_000)
    page.screenshot(path=str(tmp_path / "benign.png"))  # for people: pytest keeps the folder
    seen = evaluate(
        page,
        """() => {
            const root = document.querySelector('.jp-RenderedMarkdown');
            const texts = selector => [...root.querySelectorAll(selector)].map(node => node.textContent);
            return {
                heading: texts('h1')[0].replace('¶', ''), cells: texts('td'), items: texts('ol > li > p, ol > li'),
                formulas: texts('mjx-container').length, boxes: texts('input[type=checkbox]').length,
                code: texts('pre code'), spans: texts('p > code'), quote: texts('blockquote').length,
                highlighted: root.querySelectorAll('pre code span').length > 3,
                link: root.querySelector('blockquote a').getAttribute('href'),
                text: root.querySelector('p').textContent,
            };
        }""",
    )

    assert errors == []
    assert watch.foreign == []
    assert seen["heading"] == "The transpose"
    assert seen["text"].endswith("it costs $5 and $7, or $5.")
    assert seen["formulas"] == 3
    assert seen["spans"] == ["code", "<b>tags</b>"]
    assert seen["cells"] == ["x", "a|b"]
    assert seen["boxes"] == 2
    assert seen["highlighted"] is True
    assert seen["link"] == "https://a.example/b%5Fc?d=e&f"
    assert [text.strip("\n") for text in seen["code"]] == [
        "echo done",
        'def transpose(rows: list[str]) -> None:\n    if rows < "<script>": print(f"{rows!r} $HOME $PATH")',
        "pattern = \"\\\\(a\\\\)\" + '@@0@@'",
    ]


def test_a_huge_answer_leaves_the_page_responsive(lab, watched_page):
    """500 kB of answer never holds the page for long, and says where the rest is."""
    page, _ = watched_page
    page.add_init_script(
        """window.__gap = 0; window.__last = performance.now();
        const tick = () => {
            const now = performance.now();
            window.__gap = Math.max(window.__gap, now - window.__last);
            window.__last = now;
            requestAnimationFrame(tick);
        };
        requestAnimationFrame(tick);"""
    )
    open_notebook(page, lab, "huge.ipynb")
    evaluate(page, "() => { window.__gap = 0; }")

    errors = run_all(page)
    evaluate(page, SETTLED)

    assert errors == []
    assert evaluate(page, "() => window.__gap") < 10_000  # about 1_000 on a machine with nothing else to do
    text = evaluate(page, "() => document.querySelector('.jp-RenderedMarkdown').lastElementChild.textContent")
    assert "of 500,0" in text
    assert "%o1 last --text" in text
