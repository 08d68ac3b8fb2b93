"""Personal data that would be sent along with the prompt.

## What it does

Finds e-mail addresses, telephone numbers and payment card numbers (with a valid check digit), also in code, quotes and
inserted data. One note for each kind, at the first of them. Addresses of roles (`support@`), of example domains, and
the card numbers published for testing are left alone.

## Why

Other people's data may need their consent, a contract with the provider, or a reason, before it leaves your machine. A
model rarely needs it: `customer A` does as well.

## Example

```text
Answer this complaint by jane.roe@fastmail.com, card 5329 9864 9840 3297.
```

## Use instead

```text
Answer this complaint by customer A.
```

## When to ignore

- The data is yours, public, or made up.
- Your provider's terms and your own rules cover it.

## Fix safety

No fix: which name stands for whom is yours to say.

## References

For the rule:

- GDPR, article 5 (1) c, data minimisation: only what is necessary for the purpose.
- OWASP, Top 10 for LLM applications, LLM02 Sensitive information disclosure.

Against it:

- Names, addresses and health data are not recognised here; silence does not mean that a prompt is anonymous.
- An address in a prompt is often the point of it (“draft a mail to ...”), so this is never more than a note.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from o1magic.lint.diagnostic import Diagnostic
from o1magic.lint.patterns import late
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_DOMAIN = late(r"@((?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24})(?![\w@-])")
_LOCAL = late(r"(?<![\w.%+/:@-])[A-Za-z0-9][\w.%+-]{0,63}$")
_LONGEST_LOCAL = 66
_NOBODY = late(
    r"(?:^|\.)(?:example\d?|test|invalid|localhost|domain|email|company|yourcompany|yourdomain|acme)\.[a-z]{2,10}$"
    r"|\.(?:test|invalid|local|internal|example)$|(?:^|\.)noreply\.",
    re.IGNORECASE,
)
_ROLES = late(
    r"(?:no-?reply|do-?not-?reply|info|support|sales|contact|admin|hello|help|office|team|press|jobs|careers|billing"
    r"|webmaster|postmaster|abuse|security|privacy|git|user\d?|username|name|your\W?name|you|me|test\w{0,10}|foo|bar"
    r"|example|firstname\W?lastname|john\W?doe|jane\W?doe|x{2,})$",
    re.IGNORECASE,
)
# Read once, run by run; what a run is, is decided at its start.
_RUN = late(r"[+(\d][\d ()./-]{11,40}+")
_PHONE = late(
    r"\+\d{1,3}[ ./-]\(?\d{1,4}\)?(?:[ ./-]?\d{2,4}){2,5}|\+\d{1,3} ?\(\d{1,4}\) ?\d{2,4}(?:[ -]?\d{2,4}){1,4}"
    r"|\(\d{3}\) ?\d{3}[-. ]\d{4}|\d{3}-\d{3}-\d{4}"
)
_CARD = late(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}|3\d{3}[ -]\d{6}[ -]\d{5}|[3-6]\d{14,15}")
_GLUED = late(r"[\w/]|[.-]\d")
_CARD_WORD = late(r"card|visa|amex|credit|debit|karte|carte|tarjeta|cart[aã]o|carta|карт|卡|카드|カード", re.IGNORECASE)
_CARD_PREFIX = late(r"4|5[1-5]|2[2-7]|3[47]|6(?:011|5|4[4-9])")
_COUNTED = 100
_CARD_NUMBER = "card number"
_BEFORE = 40
# Digits of a telephone number with its country's; at most as E.164 allows.
_FEWEST, _MOST = 8, 15
# Published by payment providers for tests.
_TEST_CARDS = late(
    r"(?:42){8}|4(?:1{15}|(?:0{13,14}|012888888881)\d{2,4}|000056655665556)|5(?:5{11}4444|105105105105100|200828282828210)"
    r"|378282246310005|371449635398431|60?1{13,14}7"
)
_FICTION = late(r"\D*(?:1\D?)?\d{3}\D{0,2}555|\D*555\D|.*(?:123\D?456\D?7|(\d)\1{6})")


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield one note for each kind of personal data, at the first of its kind."""
    found: dict[str, list[tuple[int, int]]] = {"e-mail address": list(islice(_addresses(document.text), _COUNTED))}
    for kind, start, end in islice(_numbers(document.text), _COUNTED):
        found.setdefault(kind, []).append((start, end))
    for kind, spans in found.items():
        if spans:
            more = " or more" if len(spans) == _COUNTED else ""
            said = f"1 {kind}" if len(spans) == 1 else f"{len(spans)}{more} {kind.replace('ss', 'sse')}s"
            line = document.text.count("\n", 0, spans[0][0]) + 1
            place = f"in line {line}" if len(spans) == 1 else f"from line {line} on"
            message = f"{said} {place} would be sent; leave out what the model does not need"
            yield Diagnostic(rule.code, rule.name, rule.severity, message, *spans[0])


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    for domain in _DOMAIN.finditer(text):
        first = max(0, domain.start() - _LONGEST_LOCAL)
        local = _LOCAL.search(text[first : domain.start()])
        if (
            local
            and local.group() != domain.group(1)
            and not (_NOBODY.search(domain.group(1)) or _ROLES.match(local.group()))
        ):
            yield first + local.start(), domain.end()


def _numbers(text: str) -> Iterator[tuple[str, int, int]]:
    for run in _RUN.finditer(text):
        start = run.start()
        if start and (text[start - 1].isalnum() or text[start - 1] in "_.+/-"):
            continue
        match = _PHONE.match(text, start) or _CARD.match(text, start)
        if match is None or _GLUED.match(text, match.end()):
            continue
        digits = "".join(filter(str.isdigit, match.group()))
        if match.re.pattern == _PHONE.pattern:
            if _FEWEST <= len(digits) <= _MOST and not _FICTION.match(match.group()):
                yield "telephone number", start, match.end()
        elif _is_card(digits) and (
            # One in ten long numbers passes the check by chance: unparted ones must also be called a card.
            match.group() != digits or _CARD_WORD.search(text, max(0, start - _BEFORE), start)
        ):
            yield _CARD_NUMBER, start, match.end()


def _is_card(digits: str) -> bool:
    return bool(_CARD_PREFIX.match(digits)) and not _TEST_CARDS.fullmatch(digits) and _luhn(digits)


def _luhn(digits: str) -> bool:
    """Return whether the last digit checks the others."""
    doubled = (int(d) * 2 for d in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(d - 9 if d > 9 else d for d in doubled)) % 10 == 0  # noqa: PLR2004


RULE = Rule("SEC002", "personal-data", "info", check, __doc__)
