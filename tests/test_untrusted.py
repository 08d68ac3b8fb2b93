from __future__ import annotations

import re
import subprocess
import sys
import time
import warnings
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from o1magic import untrusted
from o1magic.untrusted import caption, html, markdown, plain, visible
from o1magic.untrusted.parse import parse
from o1magic.untrusted.write import write

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

IMG = "<img src=x onerror=alert(1)>"

# Two parsers that let raw HTML through; the third, JupyterLab's, reads the same in tests/e2e.
READERS = {
    "markdown-it": MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render,
    "nbconvert": markdown2html_mistune,
}
TAGS = re.compile(
    r"a|blockquote|br|code|div|del|em|h[1-6]|hr|input|li|ol|p|pre|s|small|span|strong|table|tbody|td|th|thead|tr|ul"
)
ATTRIBUTES = {"align", "checked", "class", "disabled", "href", "id", "start", "style", "target", "type"}
ADDRESS = re.compile(r"(?i)(?:https?://|mailto:|#)[^\s]*")


class Page(HTMLParser):
    """What a browser would get: anything but plain typography is `bad`; `code` are the blocks of code."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.bad, self.code, self.text, self.in_code = [], [], "", False
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attributes):
        if not TAGS.fullmatch(tag):
            self.bad.append(tag)
        for name, value in attributes:
            if name not in ATTRIBUTES or (name == "href" and not ADDRESS.fullmatch(value or "")):
                self.bad.append((tag, name, value))
            if name == "style" and not re.fullmatch(r"text-align: ?(left|right|center)", value or ""):
                self.bad.append((tag, name, value))
        if tag == "pre":
            self.in_code = True
            self.code.append("")

    def handle_endtag(self, tag):
        self.in_code = self.in_code and tag != "pre"

    def handle_data(self, data):
        if self.in_code:
            self.code[-1] += data
        else:
            self.text += data

    def handle_comment(self, data):
        self.bad.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def pages(source):
    return {name: Page(read(source)) for name, read in READERS.items()}


def no_code(source):
    """Return the Markdown without its fences, code spans and our own <code> and <small>."""
    source = re.sub(r"(?ms)^([> \-*+\d.)]*)(`{3,}|~{3,})[^\n]*\n.*?^[> ]*\2$", "", source)
    source = re.sub(r"<pre><code(?: class=\"[\w+#.-]*\")?>[^<]*</code></pre>|<code>[^<]*</code>", "", source)
    return re.sub(r"`[^`\n]*`", "", source)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# T\n\n*a* **b** ~~c~~", "# T\n\n*a* **b** ~~c~~"),
        ("T\n==\n\nU\n--", "# T\n\n## U"),
        ("- a\n- b\n  1. c\n  2. d", "- a\n- b\n  1. c\n  2. d"),
        ("- [ ] a\n- [x] b", "- [ ] a\n- [x] b"),
        ("> a\n> - b", "> a\n>\n> - b"),
        ("| a | b |\n|:-|-:|\n| 1 | `x` |", "| a | b |\n| :--- | ---: |\n| 1 | `x` |"),
        ("a\\\nb", "a\\\nb"),
        ("snake_case x[0] a < b & c", "snake_case x[0] a &lt; b & c"),
        ("---", "___"),
    ],
)
def test_ordinary_markdown_stays_what_it_is(written, shown):
    """Headings, lists, tables, quotes and emphasis come out as they went in, in one spelling."""
    assert markdown(written) == shown


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        pytest.param("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>", id="script"),
        pytest.param(f"# {IMG}", "# &lt;img src=x onerror=alert(1)>", id="heading"),
        pytest.param(f"- {IMG}", "- &lt;img src=x onerror=alert(1)>", id="list"),
        pytest.param("<!-- <b> -->", "&lt;!-- &lt;b> -->", id="comment"),
        pytest.param("<svg/onload=x>", "&lt;svg/onload=x>", id="svg"),
        pytest.param("<button data-commandlinker-command='x'>", "&lt;button data-commandlinker-command='x'>", id="O2"),
        pytest.param("&lt;b&gt; &amp;lt;", "&lt;b> &amp;lt;", id="entities"),
        pytest.param("`<b>`", "<code>&#60;b&#62;</code>", id="code span"),
        pytest.param(f"[a](https://e.co '{IMG}')", "[a](https://e.co)", id="link title"),
        pytest.param("[<b>](https://e.co)", "[&lt;b>](https://e.co)", id="link text"),
        pytest.param("[a]: <b> '<c>'\n\nx", "x", id="definition"),
        pytest.param("<javascript:alert(1)>", "javascript:alert(1)", id="autolink"),
        pytest.param("$x<b>y$", "$x< b>y$", id="mathematics"),
        pytest.param('```a"><b>\nx\n```', "```\nx\n```", id="fence info"),
        pytest.param("```html\n<b>", "```html\n<b>\n```", id="unclosed fence"),
        pytest.param("```mermaid\nx\n```", "```\nx\n```", id="mermaid runs a program"),
        pytest.param("x\n\n~~~~a~~~~ <b>", "x\n\n```\n```", id="tildes"),
    ],
)
def test_raw_html_is_shown_as_text(payload, shown):
    """O1, O2: no tag of the model's reaches the page as a tag, wherever it stands."""
    assert markdown(payload) == shown


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ("![cat](https://e.co/c.png)", "[image: cat](https://e.co/c.png)"),
        ("![](https://e.co/c.png)", "[image](https://e.co/c.png)"),
        ("![c](data:image/png;base64,AA)", "&#91;image: c&#93;"),
        ("[![c](https://e.co/c.png)](https://e.co)", "[&#91;image: c&#93;](https://e.co)"),
        ("![c][r]\n\n[r]: https://e.co/c.png 'x'", "[image: c](https://e.co/c.png)"),
        ("!<https://e.co/c.png>", "&#33;[https&#58;//e.co/c.png](https://e.co/c.png)"),
        ("!\\[a](https://e.co)", "&#33;&#91;a&#93;([https&#58;//e.co](https://e.co))"),
    ],
)
def test_a_picture_becomes_a_link(payload, shown):
    """O3: showing an answer asks no server for a picture."""
    assert markdown(payload) == shown


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScript:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "java&Tab;script:alert(1)",
        "&#x1;javascript:alert(1)",
        "\\javascript:alert(1)",
        "javascript%3Aalert(1)",
        "vbscript:x",
        "data:text/html,x",
        "file:///etc/passwd",
        "blob:https://e.co/1",
        "command:notebook",
        "/logout",
        "../a.ipynb",
        "//e.co",
        "https:\\\\e.co",
        "https:e.co",
        "https&#58;//e.co&NewLine;",
        "x" * 3000,
        "",
    ],
)
def test_a_link_that_is_not_to_the_web_loses_its_target(address):
    """Only http, https, mailto and anchors stay clickable; of every other link the words stay."""
    assert markdown(f"[words]({address})").startswith("words")
    assert markdown(f"[words](<{address}>)").startswith("words")


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://e.co/a?b=c&d=e#f", "https://e.co/a?b=c&amp;d=e#f"),
        ("HTTP://e.co", "HTTP://e.co"),
        ("mailto:a@e.co", "mailto:a@e.co"),
        ("#part", "#part"),
        ("https://e.co/é_(1)", "https://e.co/%C3%A9%5F%281%29"),
        ("https://e.co/%41%zz", "https://e.co/%41%25zz"),
        ('https://e.co/"$`|{', "https://e.co/%22%24%60%7C%7B"),
    ],
)
def test_a_link_to_the_web_stays(address, kept):
    """A target is spelled in characters that no parser and no mathematics scanner reads as its own."""
    assert markdown(f"[a](<{address}>)") == f"[a]({kept})"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\\(x^2\\)", "$x^2$"),
        ("\\[\nx\n= y\n\\]", "$$x = y$$"),
        ("$$\nx\n$$", "$$x$$"),
        ("$x^2$ and $a_1$", "$x^2$ and $a_1$"),
        ("设$x$为", "设$x$为"),
        ("the $n$th of $2x$, $5$", "the $n$th of $2x$, $5$"),
        ("\\begin{align}\na &= b % c\n\\end{align}", "\\begin{align}a &= b\\end{align}"),
        ("\\begin{cases}a\\end{cases}", "$$\\begin{cases}a\\end{cases}$$"),
        ("\\[\n- a\n\\]", "$$- a$$"),
        ("$$\\text{if $x$}$$", "$$\\text{if $x$}$$"),
        ("|a|\n|-|\n|$x \\| y$|", "| a |\n| --- |\n| $x \\vert y$ |"),
        ("`\\(x\\)` and `$x$`", "`\\(x\\)` and <code>&#36;x&#36;</code>"),
    ],
)
def test_mathematics_is_what_jupyter_renders(written, shown):
    """LaTeX delimiters become dollars outside code, each formula on one line."""
    assert markdown(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("costs $5", "costs \\\\$5"),
        ("$5 and $7", "\\\\$5 and \\\\$7"),
        ("$5, or $7.", "\\\\$5, or \\\\$7."),
        ("$5-$7, ($5)-($7)", "\\\\$5-\\\\$7, (\\\\$5)-(\\\\$7)"),
        ("$5 million or 7$", "\\\\$5 million or 7\\\\$"),
        ("US$5 to US$7", "US\\\\$5 to US\\\\$7"),
        ("$HOME:$PATH", "\\\\$HOME:\\\\$PATH"),
        ("\\$5 and \\$7", "\\\\$5 and \\\\$7"),
        ("&#36;x&#36;", "\\\\$x\\\\$"),
        ("**$5** **$7**", "**\\\\$5** **\\\\$7**"),
        ("# $5 of $7", "# \\\\$5 of \\\\$7"),
    ],
)
def test_a_price_is_no_formula(written, shown):
    """O7: a dollar sign that opens no formula is escaped the way MathJax reads it, with one backslash on the page."""
    assert markdown(written) == shown


@pytest.mark.parametrize(
    "formula",
    [
        "\\href{javascript:alert(1)}{x}",
        "\\style{background:url(https://e.co)}{x}",
        "\\require{html}x",
        "\\def\\frac{x}x",
        "\\bbox[background:url(https://e.co)]{x}",
        "{" * 40 + "}" * 40,
        "x}{",
        "x @@0@@",
        "\\class{a}{x}",
    ],
)
@pytest.mark.parametrize(("opening", "closing"), [("$", "$"), ("\\(", "\\)"), ("$$", "$$"), ("\\[", "\\]")])
def test_a_formula_that_does_more_than_typeset_is_shown_as_code(formula, opening, closing):
    """MathJax is handed no command that links, loads, styles or redefines, and no formula that ends elsewhere."""
    page = Page(READERS["markdown-it"](markdown(f"a {opening}{formula}{closing} b")))

    assert page.bad == []
    assert not re.search(r"(?<!\\)\$", no_code(markdown(f"a {opening}{formula}{closing} b")))


def test_a_backslash_of_the_text_opens_no_formula():
    """MathJax reads the finished page: where a backslash would open a formula there it is doubled."""
    assert markdown("\\\\(x\\\\) C:\\temp \\\\begin{a}") == "&#92;&#92;(x&#92;) C:&#92;temp &#92;&#92;begin{a}"


CODE = [
    "print('x')",
    "<script>alert(1)</script>\n\n</pre>",
    "```\nx\n```",
    "a\tb\n\n\n  c",
    'pattern = "\\\\(a\\\\)" + "@@0@@"',
    "\\begin{align}\nx &= 1\n\\end{align}",
    "$HOME $PATH ${x}",
    "~~~\n~~~~",
    "[a](javascript:x) ![b](https://e.co)",
    "&lt; &amp;",
    "  indented\nnot",
    "> # - 1.",
]


@pytest.mark.parametrize("code", CODE)
@pytest.mark.parametrize("place", ["{}", "- a\n\n{}", "1. a\n\n{}", "> {}", "> - a\n>\n> {}"])
def test_code_is_copied_as_the_model_wrote_it(code, place):
    """Nothing inside a block of code changes, at the top, in a list or in a quote."""
    prefix, indent = place.removesuffix("{}"), {"{}": "", "- a\n\n{}": "  ", "1. a\n\n{}": "   "}.get(place)
    block = f"`````python\n{code}\n`````"
    if indent is None:
        indent = "> " if place == "> {}" else ">   "
        prefix = "" if place == "> {}" else "> - a\n>\n"
    source = prefix + "\n".join(indent + line for line in block.split("\n"))

    read = {name: page.code[0].removesuffix("\n") for name, page in pages(markdown(source)).items()}

    assert read == dict.fromkeys(READERS, code)


def test_code_in_a_list_is_safe_even_if_it_is_not_seen_as_code():
    """A fence inside a list holds only what would be harmless without it; other code there needs no fence."""
    assert markdown("- a\n\n  ```py\n  x = 1\n  ```") == "- a\n\n  ~~~py\n  x = 1\n  ~~~"
    assert markdown("- a\n\n  ```html\n  <b>\n  ```") == (
        '- a\n\n  <pre><code class="language-html">&#60;b&#62;</code></pre>'
    )
    assert markdown("- ```\n  a\tb\n  ```") == "- <pre><code>a&#9;b</code></pre>"


@pytest.mark.parametrize("code", ["\\\\(a\\\\)", "\\begin{a}", "@@0@@"])
def test_code_that_jupyterlab_would_cut_needs_no_fence(code):
    """JupyterLab looks for mathematics in fences too and would change this code: it is spelled in references."""
    assert markdown(f"```\n{code}\n```").startswith("<pre><code>&#")
    assert markdown(f"`{code}`").startswith("<code>&#")


def test_hidden_characters_in_code_are_marked():
    """O6: what reorders or hides code on the screen is seen; visible text stays as it is."""
    assert markdown("```\na\u202eb\u200bc\n```") == "```\na⟨U+202E⟩b⟨U+200B⟩c\n```"


def test_characters_hidden_behind_references_are_marked_too():
    """A character reference is resolved before hidden characters are looked for."""
    assert markdown("a&#x202e;b&#8203;c") == "a⟨U+202E⟩b⟨U+200B⟩c"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb\tc\r\nd", "a\nb\tc\nd"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]8;;https://e.co\x07x", "␛]8;;https://e.co␇x"),
        ("a\rb", "a␍b"),
        ("\x00\x7f\x9b31m", "␀␡⟨U+009B⟩31m"),
        ("\u202eabc\u2066\u200f", "⟨U+202E⟩abc⟨U+2066⟩⟨U+200F⟩"),
        ("a\u200bb\ufeff\u00adc\u200dd", "a⟨U+200B⟩b⟨U+FEFF⟩⟨U+00AD⟩c⟨U+200D⟩d"),
        ("\ud800x\udfff", "�x�"),
        ("👩\u200d💻 ❤\ufe0f می\u200cخواهم", "👩\u200d💻 ❤\ufe0f می\u200cخواهم"),
        ("\U000e0041\U000e0042", "⟨U+E0041⟩⟨U+E0042⟩"),
        ("a\u2028b\u0085c", "a⟨U+2028⟩b⟨U+0085⟩c"),
    ],
)
def test_hidden_characters_become_marks(text, shown):
    """A14, O6: no escape sequence, bidirectional or invisible character survives; emoji and joined scripts do."""
    assert visible(text) == shown


def test_html_is_escaped_for_an_element_and_an_attribute():
    """Text for text/html holds no markup and no quote."""
    assert html('<b a="\'">&\x1b') == "&lt;b a=&quot;&#x27;&quot;&gt;&amp;␛"


def test_a_caption_is_one_line_of_small_print():
    """A model name from the wire cannot break out of the footer, and a price in it is no formula."""
    assert caption("<b>\n# ](x) · $0.14 · $2") == "<small>&lt;b> # &#93;(x) · \\\\$0.14 · \\\\$2</small>"


def test_a_text_of_definitions_only_is_still_shown():
    """An answer that Markdown would render as nothing is shown as it is."""
    assert markdown("[a]: javascript:alert(1)") == "```\n[a]: javascript:alert(1)\n```"


@pytest.mark.parametrize("deep", ["> " * 200 + "x", "- " * 200 + "x", "1. " * 200 + "x"])
def test_what_is_nested_too_deeply_is_shown_as_plain_text(deep):
    """O8: a nesting that would exhaust the parser loses no word of the answer."""
    assert markdown(deep) == f"```\n{deep}\n```"


def test_a_long_answer_shows_its_beginning_and_says_where_the_rest_is():
    """O5: the cut is at a paragraph, fences closed, the rest named with how to get it."""
    shown = markdown("```python\n" + "print(1)\n" * 100_000)

    assert len(shown) < untrusted.LIMIT + 1_000
    assert "\nprint(1)\n```\n\n*Shown are the first " in shown
    assert shown.endswith("of 900,010 characters.* `%o1 last --text` *prints the whole answer; "
                          "an* `Answer` *has it as* `.text`*.*")  # fmt: skip


def test_without_a_limit_all_is_shown():
    """`limit=None` shows every word."""
    assert markdown("word " * 40_000, limit=None).count("word") == 40_000


HOSTILE = ["[", "![", "[a](", "*a ", "**a* ", "`", "` `` ", "$", "${ ", "\\( ", "\\begin{a}\n", "$$a\n", "<", "&#",
           "> ", "- a\n", "|a|b|\n|-|-|\n", "a|b\n-|-\n", "~~", "[a]: b\n", "\\", "http://", "a@", "![[]("]  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_a_hostile_answer_takes_no_longer_than_a_long_one(part):
    """500 kB of what is slowest to read takes bounded time: nothing in it is quadratic beyond the limit."""
    text = part * (500_000 // len(part))
    start = time.process_time()

    markdown(text)

    assert time.process_time() - start < 5


def test_a_reference_used_often_does_not_grow_the_answer_without_bound():
    """A kilobyte of references cannot become megabytes of links."""
    text = f"[a]: https://e.co/{'x' * 1900}\n\n" + "[a] " * 10_000

    assert len(markdown(text)) < 20 * len(text)


def test_what_the_parser_stumbles_over_is_shown_as_plain_text(monkeypatch):
    """A paid answer is shown, whatever goes wrong in reading it."""
    monkeypatch.setattr("o1magic.untrusted.parse.parse", lambda text: [][len(text)])

    assert markdown("a <b>") == "```\na <b>\n```"


def test_the_parser_is_imported_at_the_first_answer_only():
    """Importing the package does not pay for markdown-it-py."""
    code = "import sys, o1magic.untrusted as u; u.visible('a'); print('markdown_it' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


PIECES = [
    IMG, "<script>x</script>", "<b", "<!--", "-->", "</pre>", "</code>", "![a](https://e.co/i.png)",
    "[a](javascript:x)", '[a](https://e.co "t\' onx=1")', "[r]", "[r]: javascript:x\n", "![r]", "[x\n", "]: y",
    "`", "``", "```", "````", "~~~", "~~~~", "~~", "$", "$$", "\\(", "\\)", "\\[", "\\]", "\\begin{a}", "\\end{a}",
    "{", "}", "\\", "\\\\", "@@0@@", "|", "|-|-|\n", "a|b\n-|-\n", "\n", "\n\n", "\n```html\n", "\n```\n",
    "\n  ```\n", "\n\n    ", " ", "    ", "\t", "> ", "- ", "1. ", "# ", "---", "===", "_", "**", "*", "[", "]",
    "(", ")", "](", "!", "<", "&lt;", "&#60;", '"', "x", "https://e.co/`", "www.e.co`", "a@b.co", "\r", "\x00",
    "\u202e", "\ud800", "mermaid\n", "<javascript:x>", "&#96;", "&NewLine;", "é",
]  # fmt: skip
answers = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@settings(max_examples=400, deadline=None)
@given(answers)
@example(f"[x]\n  ```\n]: b\n{IMG}\n```")
@example(f"[x\n\n```\n]: y\n{IMG}\n```")
@example(f"~~`**~~ ![a](https://e.co/i.png)`** {IMG}")
@example(f"https://e.co/`{IMG}`")
@example(f"- a\n\n  ```\n  {IMG}\n{IMG}")
def test_no_reader_sees_more_than_typography(text):
    """However it is put together, an answer read by other parsers holds no tag, attribute or target of its own."""
    shown = markdown(text)

    assert {name: page.bad for name, page in pages(shown).items()} == {name: [] for name in READERS}


STARTS = ["", "", "  ", "    ", "- ", "  - ", "* ", "+ ", "1. ", "12) ", "# ", "### ", "**", "`", '"', "("]
WORDS = [
    "Word", "two words", "é", "。", "1", "2. ", "- ", "# ", "**", "*", "`", "``", "_", "'", '"', ")", "{", "}", "!",
    "?", ".", ", ", ": ", ";", "=", "+", "/", "%", "^", "->", "> ", "  ", "www", "a.b",
]  # fmt: skip
TROUBLE = [
    "<b>", "<!--", "[a](javascript:x)", "![a](x)", "&lt;", "$x$", "\\(", "https://e.co", "www.e.co", "|", "~~~",
    "@@0@@", "```", "````", "\n> a", "\n---", "\n[a]: javascript:x\n", "[", "\\",
]  # fmt: skip
LINES = st.tuples(st.sampled_from(STARTS), st.sampled_from(WORDS[:5]), st.lists(st.sampled_from(WORDS)).map("".join))
CODE = st.sampled_from(["```\nx <b> = 1\n```", "```python\n[x](y)\n\n  $z$\n```", "```html\n<b>\n", "````\n```\n````"])
TYPICAL = st.lists(LINES.map("".join) | CODE | st.just(""), max_size=6).map("\n".join)


@st.composite
def typical(draw):
    """Return an ordinary answer, or one with a single thing in it that would make trouble."""
    text, trouble = draw(TYPICAL), draw(st.just("") | st.sampled_from(TROUBLE))
    at = draw(st.integers(min(1, len(text)), len(text)))
    return text[:at] + trouble + text[at:]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(typical())
def test_what_is_shown_as_it_stands_reads_like_what_is_written_anew(text):
    """A text known as harmless without a parser shows what the parsed and rewritten one shows, and no more."""
    known = plain.lines(visible(text))
    assume(known is not None)
    anew = write(parse(visible(text)))

    as_it_stands, rewritten = pages("\n".join(known)), pages("\n".join(anew))
    for name in READERS:
        assert as_it_stands[name].bad == []
        assert _words(as_it_stands[name]) == _words(rewritten[name])


@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_may_be_markup_takes_a_parser(trouble):
    """JupyterLab's reader and MathJax see more markup than the readers here: whatever could begin some is parsed."""
    assert plain.lines("Word  x") is not None
    assert plain.lines(f"Word {trouble} x") is None


def _words(page):
    return page.text.split(), [code.split() for code in page.code]


@settings(max_examples=300, deadline=None)
@given(answers)
def test_outside_code_no_tag_is_opened(text):
    """In the Markdown itself, outside code, no `<` is followed by what would make it a tag or a comment."""
    assert re.search(r"<[A-Za-z/!?]", no_code(markdown(text))) is None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.text("<>[]()!`~$\\*_#->|{}&@: \n\tab1", max_size=200))
def test_any_text_is_shown(text):
    """No text is too strange to be shown, and what is shown can be sent to the page."""
    for shown in (markdown(text), caption(text), html(text), visible(text)):
        shown.encode()
        assert visible(shown) == shown


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=100).map(lambda text: visible(text).replace("\r", "")))
def test_printable_code_is_kept_byte_for_byte(code):
    """A block of printable code comes back identical from the page."""
    fence = "`" * (3 + max(map(len, re.findall("`+", code)), default=0))
    shown = READERS["markdown-it"](markdown(f"{fence}python\n{code}\n{fence}"))

    assert Page(shown).code == [code and f"{code}\n"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["$5", "$1,200.50", "and", "to", "or", "a", "$7k", "cost", "-", "\n"]), max_size=20))
def test_prices_are_never_typeset(words):
    """Of a text with prices only, no dollar sign is left that opens a formula."""
    assert re.search(r"(?<!\\\\)\$", markdown(" ".join(words))) is None


def test_the_cut_is_at_the_end_of_a_paragraph():
    """A long answer is cut between paragraphs when one ends near the limit, so that no formula is cut in two."""
    shown = markdown("$x$ and $y$.\n\n" * 100, limit=1_000)

    assert shown.split("\n\n")[-2] == "$x$ and $y$."
