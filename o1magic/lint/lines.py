"""What each line of the prompt looks like: prose, code, log, table row, heading.

One anchored pattern per line head and a look at its last characters, on its first 300 characters only: no pattern
holds two quantifiers that compete, and a line of a megabyte costs what a short one costs. Called by `segments`.
"""

from __future__ import annotations

from typing import Final

from o1magic.lint.patterns import late

BLANK: Final = "blank"
PROSE: Final = "prose"
PROTECTED: Final = "protected"
HEADING: Final = "heading"
RULE: Final = "rule"
CERTAIN: Final = "certain"
CODE: Final = "code"
WEAK: Final = "weak"
KEY: Final = "key"
TRACE: Final = "trace"
LOG: Final = "log"
DIFF: Final = "diff"
TABLE: Final = "table"

_LOOK = 300

_RULE = r"[-=*_~]{3,}$ | \#{2,}$"
_HEADING = r"\#{1,6}\ {1,4}\S | \*\*[^*]{1,60}\*\*:?$ | \[[A-Z_\ ]{2,30}\]$ | [=-]{2,}\ \w[\w\ ]{0,40}[=-]{2,}$"
_TAG = r"</?[A-Za-z][\w-]{0,60}/?>$ | <[A-Za-z][\w-]{0,60}>[^<>]{0,200}</[A-Za-z][\w-]{0,60}>$"
_DIFF = r"diff\ --git\ | @@\ -\d | \+\+\+\ [\w./] | ---\ [ab]/"
_LOG = r"""
    \[?\d{4}[-/]\d\d[-/]\d\d[T\ ]\d\d:\d\d | \[?\d\d:\d\d:\d\d[\].,:\ ]
  | [A-Z][a-z]{2}\ [\ \d]\d\ \d\d:\d\d:\d\d\b
  | \[?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE|CRITICAL)[\]:\ \t]
  | \d{1,3}(?:\.\d{1,3}){3}\ \S{1,40}\ \S{1,40}\ \[
  | \[\ {0,5}\d{1,9}\.\d{3,9}\]\  | [-\[<(\w][^\n"'=]{0,50}?\d\d?:\d\d:\d\d[.,:|\])\ ]
  | [-\[(]?\ ?\d[^\n]{0,60}?\ \[?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|NOTICE)\b"""
_TRACE = r"""
    Traceback\ \(most\ recent | File\ "[^"]{1,200}",\ line\ \d
  | at\ (?:async\ )?[\w$.<>/]{1,120}(?:\ \[as\ \w{1,40}\])?\ ?\(\S
  | Caused\ by:\  | Exception\ in\ thread\  | panic:\  | goroutine\ \d | thread\ '[^']{1,60}'\ panicked
  | (?:[a-z_]\w{0,40}\.){0,6}[A-Z]\w{0,50}(?:Error|Exception|Interrupt)(?:$|:\ ) | [~^]{2,}$
  | \.{3}\ \d{1,4}\ more$ | npm\ (?:ERR!|error)\ | error\[E\d{4}\] | -->\ [\w./\\-]{1,120}:\d
  | [\w./\\:-]{1,120}[(:]\d{1,6}(?:[:,]\d{1,6})?\)?:?\ (?:fatal\ )?(?:error|warning|note)\b
  | E\ {2,8}\S | FAILED\ [\w./]{1,120}:: | make:\ \*\*\*\ """
_TABLE = r"\|.{0,300}\|$ | [|:\s+-]{0,5}-{2,}[|+][|:\s+-]{0,299}$ | \+[-=+]{3,}$ | \|[-:]{3}"
_CERTAIN = r"""
    (?:async\ )?def\ \w{1,80}\( | class\ [A-Z]\w{0,80}(?:\(|:$|\ ?\{|\ extends\ |\ implements\ )
  | class\ \w{1,80}\([\w.,\ ]{0,80}\):
  | from\ [\w.]{1,80}\ import\ [\w*(] | import\ [\w.]{1,80}\ as\ \w{1,40}$
  | import\ [\w{][^'"]{0,80}\ from\ ['"] | import\ ['"]
  | (?:export\ )?(?:default\ )?(?:async\ )?function\*?\ ?\w{0,80}\(
  | (?:export\ )?(?:const|let|var)\ [\w$]{1,60}(?:\ ?=|:\ ) | (?:const|let|var)\ ?[\[{][\w$,\ :]{1,100}[\]}]\ ?=
  | (?:public|private|protected|internal)[ ]
    (?:(?:static|final|abstract|async|override|virtual|sealed|partial|readonly)\ ){0,3}
    (?:(?:class|interface|enum|struct|record|void|function|fun|delegate)\b|[\w<>\[\],.?]{1,60}\ ?[\w$]{0,60}\ ?[({=;])
  | (?:static|final|virtual)\ [\w<>\[\]*]{1,60}\ \**\w{1,60}\ ?[(={;]
  | export\ (?:default\ )?(?:abstract\ )?(?:class|interface|type|enum|namespace)\ \w
  | \#include\ ?[<"] | \#define\ \w | \#!/ | using\ [\w.]{1,80};$ | using\ namespace\b
  | (?:namespace|package)\ [\w.:\\]{1,80}\ ?[{;]?$
  | func\ (?:\([\w\ *]{1,60}\)\ )?\w{1,60}\( | (?:pub\ )?fn\ \w{1,60}[(<] | impl\b[\w<>'\ ,]{1,80}\{
  | use\ \w{1,40}::
  | (?:unsigned\ |const\ )?(?:int|void|double|float|char|bool|long|auto|string|String|size_t)\ [*&]{0,3}\w{1,60}
    (?:\[\w{0,20}\])?(?:\(|\ ?=\ ?[^=]|;)
  | template\ ?<\w | std::\w | cout\ ?<< | System\.out\.print | console\.\w{1,10}\( | print(?:ln|f)?!?\(
  | fmt\.Print
  | (?:SELECT|select)\ (?:(?:DISTINCT|distinct)\ )?[\w.*"`(),\ ]{1,160}\ (?:FROM|from)\b
  | SELECT(?:\ [\w.*"`(),\ ]{1,160})?$
  | (?:INSERT\ INTO|insert\ into)\ [\w."`]{1,60}\ ?(?:\(|VALUES|values|SELECT)
  | (?:CREATE|create)\ (?:TABLE|table|VIEW|view|INDEX|OR\ REPLACE)\ \w
  | ALTER\ TABLE\ | DELETE\ FROM\ \w | UPDATE\ \w{1,60}\ SET\b | (?:WITH|with)\ \w{1,60}\ (?:AS|as)\ ?\(
  | <\?(?:php|xml) | <!DOCTYPE | </?[A-Z]\w{1,40}(?:>|\ ?/>|\ [\w:@-]{1,40}=)
  | </?(?:html|head|body|div|span|p|ul|ol|li|h[1-6]|a|img|br|button|input|select|form|table|tr|td|th|thead
    |tbody|script|style|link|meta|nav|section|header|footer|main|svg|path|template|label|textarea)
    (?:>$|>\s*<|>[^<]{0,200}</|/>|\ [\w:@-]{1,40}=)
  | \[\ ?\{\ ?"\w | \{\ ?"[\w$ -]{1,60}"\ ?:
  | \\documentclass | \\usepackage | @\w[\w.]{0,60}(?:\([^)]{0,80}\))?$ | if\ __name__\ ==
  | FROM\ [\w./-]{1,80}:[\w.-]{1,40}$
  | (?:module|class)\ [A-Z]\w{0,40}(?:$|\ where|\ <\ [A-Z])
  | attr_\w{1,12}\ :\w | \w{1,40}\ ::\ [A-Z\[(][\w\[\]()]{0,40}\ ->
  | df\w{0,20}(?:\[|\.\w{1,40}\(|\ =\ )
"""
_CODE = r"""
    (?:if|for|while|switch|foreach|catch)\ ?\([^?]{1,200}[;{)]$ | \}\ ?(?:else|catch|finally)\b
  | for\ [\w,\ ()]{1,60}\ in\ [^.?!]{1,160}:$ | with\ [\w.]{1,60}\(
  | while\ (?:True|true|not\ |\w{1,40}\ ?[<>=!]) | except(?::$|\ [\w(])
  | if\ [\w.\[\]'"()%\ ]{1,80}(?:==|!=|[<>]=?|\ in\ |\ is\ )[^?]{1,120}[:{]$
  | (?:el)?if\ (?:not\ )?[\w.\[\]()]{1,60}:$ | elif\ [^?]{1,160}:$
  | (?:else|try|finally|do|begin):?\ ?\{?$ | (?:else|try|finally):
  | return(?:$|;|\ [\w.]{1,60};?$|\ [\w.'"-]{0,60}\ ?[(\[{+*/<>=&|,-]|\ ["'\d]|\ not\ ) | raise\ [A-Z]\w
  | yield\ \w{1,40}$ | await\ \w{1,40}[.(] | throw\ new\b
  | assert\ [\w.]{1,60}\ ?(?:==|\(|[<>]) | import\ [\w.]{1,60}(?:,\ [\w.]{1,60})*;?$ | (?:self|this)\.\w
  | [A-Za-z_$][\w$]{0,60}(?:(?:\.|->|::)[A-Za-z_$][\w$]{0,60}){1,8}(?:\(|\ [-+*/]?=\ )
  | [A-Za-z_$][\w$]{0,60}\([^)]{0,120}\);$
  | (?:FROM|WHERE|GROUP\ BY|ORDER\ BY|HAVING|LIMIT|LEFT\ JOIN|INNER\ JOIN|JOIN|VALUES|SET|UNION|AND|ON)(?:\ |$)
  | (?:interface|struct|enum|type|trait|record)\ \w{1,60}[^.?!]{0,80}[={]$ | (?:end|fi|done|esac);?$
  | \$\w{1,60}\ ?=
  | [a-z_][\w.]{0,40}\ ?=\ ?"[^"]*"$ | [)\]}]{1,8}[;,)]{0,4}$ | [)\]}]\.\w | \.\w{1,40}\(
  | [\w$]{1,40}\ ?:=\ ?\S | [a-z-]{2,30}:\ ?[^;]{1,80};$
  | [\w.$\[\]'"]{1,60}\ ?[-+*/%|&]?=\ ?(?:await\ |new\ |\[|\{|\(|['"f]['"]|[\w.$]{1,60}[(\[])
  | [A-Za-z_]\w{0,40}\ <-\ \S | ///\ ?< | /\*\*?(?:\s|$|[-=!])
  | @(?:import|media|include|use|mixin|extend)\b | \#!?\[\w | "[\w$-]{1,60}":\ \S
  | [$>]\ [a-z./]\S{0,60}(?:\ |$) | (?:then|do|else)$ | case\ [^.?!]{1,60}:$
  | (?:sudo|echo|export|cd|git|pip3?|python3?|npm|npx|yarn|docker|kubectl|curl|wget|apt|apt-get|brew|conda|chmod|mkdir
    |rm|cp|mv|cat|grep|sed|awk|source|set|exec|unset)\ (?:[\w@-]{1,30}\ ){0,2}(?:--?\w|["'$~/.]|\w{1,40}[/=]|\+\w)
  | [a-z][\w.-]{0,30}\ .{0,80}?(?:\ [|<]\ [a-z"./]|\ >{1,2}\ ?[\w./"&]|\ &&\ |\ 2>)
  | (?:if|while|elif|until)\ (?:\[|!\ |command\ |\$) | for\ \w{1,30}\ in\ \S{1,80};?(?:\ do)?$
  | (?:local|my|our|use|require|module|defmodule|sub|proc|with|end)\ [\w:.$@%]{1,60}(?:;|\ do|\ is|\ =\ .{1,80}|\ \{)$
"""
_WEAK = r"""
    // | \*/ | --\ \S | \#\S | [A-Za-z_$][\w$.\[\]'"]{0,60}\ ?[-+*/%|&]?=\ ?[^=\s]
  | (?:pass|break|continue|nil|null);?$
  | \w{1,60}\([^)]{0,160}\)$ | \\begin\{ | \\end\{ | ['"]?[\w$-]{1,60}['"]?:\ ?['"\[{\d] | \{
  | ["'][^"']{0,160}["'],?$
"""
_KEY = r"(?:-\ )?[a-z_][\w-]{0,60}:(?:$|\ \S)"
# In verbose patterns a blank must be escaped; a trailing "\ " above ends an alternative.
_HEAD = late(
    rf"""(?x)(?:(?P<rule>{_RULE})|(?P<heading>{_HEADING})|(?P<diff>{_DIFF})|(?P<log>{_LOG})|(?P<trace>{_TRACE})
    |(?P<table>{_TABLE})|(?P<certain>{_CERTAIN})|(?P<tag>{_TAG})|(?P<code>{_CODE})|(?P<key>{_KEY})|(?P<weak>{_WEAK}))""",
)
# Without one of these marks, and not starting with a bare keyword, a line is prose: no need to ask further.
_MARKS = late(r"[=(){}\[\];|<>@#:+*/\\$^\"'_~]|\d[:.]\d|--|,$|[a-z]\.[a-z]")
_KEYWORDS = (
    "import ",
    "from ",
    "return",
    "SELECT",
    "FROM ",
    "raise ",
    "yield ",
    "end",
    "WHERE ",
    "pass",
    "package ",
    "else",
    "try",
    "public ",
    "private ",
    "protected ",
    "internal ",
    "export ",
    "module ",
    "use ",
    "set ",
    "defmodule ",
    "end ",
    "attr_",
    "fi",
    "done",
    "then",
)
_CODE_ENDS = ("{", "};", "});", "},", "],", "),", ");", "=> (", "=>", "}")
_SYNTAX = late(
    r"[{}\[\]]|\w\(|\)[;:{]|==|[+*/-]=|=>|->|;$|\w\.\w{1,40}\(|\ =\ |</|/>|::|^(?://|/\*|\*|#|--)"
    r"|^\w{1,40}=\S|^echo\s[\"'$-]|\s\|\s\w{1,12}\s-"
)
_SHOUTED = late(
    r"(?=.{0,80}\b(?:INPUT|OUTPUT|EXAMPLE|SAMPLE|TEMPLATE|DATA|CODE|CONTEXT|SCHEMA|FORMAT|TEXT|DOCUMENT|LOG|TABLE|BEGIN)S?\b)"
    r"[A-Z0-9 ]{4,80}"
)
_FILLED_IN = late(r"^[^{}=;()<>$]{1,200}(?<!\$)\{{1,2}[^{}=;:()<>]{1,80}\}{1,2}$")
_WORD = late(r"[^\W\d_]{2,}")
_CJK = late(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SENTENCE_ENDS = (".", "?", "!", ":", "。", "？", "！", "：", "…", ",", "，")
_MANY_WORDS = 6
_MARK = late(r"[{}()\[\]<>=;|&$^~%@]|\w[._]\w|::|->|\s--?\w|[a-z][A-Z]|\w/\w")
_FILLED = late(r"\{{1,2}[^{}\n]{1,80}\}{1,2}")
_LATEX = late(r"\\[a-zA-Z]{2,}")
_MANY_MARKS = 4
_ITEM = late(r"(?:[-*+]|\d{1,3}[.)])\ ")
# Fewer characters do not make that many words of two letters.
_MANY_WORDS_LONG = 3 * _MANY_WORDS - 1
# Five plain words in a row start no line of code but SQL's, and its words are shouted.
_SPOKEN = late(r"(?![A-Z]{3}|echo\b)(?:[^\W\d_]+,?\ ){5}")
_MATHS = late("[\u00b2\u00b3\u00bd\u00d7\u00f7\u03c0\u2208\u220f\u2211\u2212\u221a\u222b\u2260\u2264\u2265]")
_DECLARATION = late(r"[A-Za-z_][\w<>:*&.\[\]]{0,40}\ [\w*&, ]{1,40};")
# What may begin or end a long string or comment.
LITERALS: Final = ('"""', "'''", "/*", "*/", "\\begin{document}", "\\end{document}")


def classify(content: str) -> str:
    """Return the kind of one line, given without the blanks around it."""
    if not content:
        return BLANK
    look = content[:_LOOK]
    if not _MARKS.search(look) and not look.startswith(_KEYWORDS):
        return HEADING if look.isupper() and _SHOUTED.fullmatch(look) else PROSE
    match = _HEAD.match(look)
    kind = match.lastgroup if match else None
    if kind is None and _ends_like_code(look):
        kind = CODE
    if kind is None:
        kind = _shape(look)
    if kind == "tag":
        # A delimiter of the person's own, paired or not: what stands next to it is set apart.
        return HEADING
    if kind in (CODE, WEAK, KEY) and reads_as_prose(look):
        return PROSE
    return kind or PROSE


def _ends_like_code(look: str) -> bool:
    if look[-1] == "}" and (_FILLED_IN.search(look) or _LATEX.search(look)):
        # A sentence with a {placeholder} at its end, or a formula.
        return False
    if look.endswith(_CODE_ENDS):
        return True
    return look[-1] == ";" and (_SYNTAX.search(look[:-1]) or _DECLARATION.fullmatch(look)) is not None


def _shape(look: str) -> str | None:
    """Return what the share of marks among the words tells: code in a language without known keywords."""
    look = look.partition(" //")[0]
    if look.endswith(_SENTENCE_ENDS) or not look.isascii() or "://" in look or _LATEX.search(look):
        return None
    marks, words = len(_MARK.findall(_FILLED.sub("", look))), len(_WORD.findall(look))
    if marks >= _MANY_MARKS and marks >= words > 0 and not _ITEM.match(look):
        return CODE
    return WEAK if marks > 1 and marks * 2 >= words else None


def reads_as_prose(look: str) -> bool:
    """Return whether a line that could be code is rather a sentence."""
    if _SPOKEN.match(look) or _MATHS.search(look):
        return True
    if len(look) < _MANY_WORDS_LONG and look.isascii():
        return False
    words = len(_WORD.findall(look))
    if look.endswith(_SENTENCE_ENDS) and words >= _MANY_WORDS and not _SYNTAX.search(look[:-1]):
        return True
    if (
        not look.isascii()
        and len(_CJK.findall(look)) > _MANY_WORDS
        and not look.startswith(("//", "/*", "#", "--"))
        and not _SYNTAX.search(look)
    ):
        return True
    return words > _MANY_WORDS and not _SYNTAX.search(look)
