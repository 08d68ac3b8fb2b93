"""A key, token or password that would be sent along with the prompt.

## What it does

Finds credentials anywhere in what is sent, also inside code, quotes and inserted data: API keys (`sk-...`), access keys
of AWS and Google, tokens of GitHub, GitLab, Slack and Hugging Face, private keys (PEM), signed tokens (JWT), passwords
in connection strings, and whatever random text a name like `api_key` or `access_token` is set to. It looks at the form
and at how random it is; placeholders are left alone. The finding never repeats the secret.

## Why

A prompt leaves your machine. It may be logged, kept for weeks, read by people or used for training, and a notebook is
shared with its cells. Whoever reads a key can use it in your name, on your bill. **This finding stops the call**:
nothing is sent until the secret is gone, or you say `--ignore SEC001`.

## Example

```text
Why does this call fail? client = Client(key="ghp_ and 36 random letters and digits")
```

## Use instead

```text
Why does this call fail? client = Client(key=os.environ["API_KEY"])
```

If a key was ever sent: revoke it and make a new one. Deleting the cell does not take it back.

## When to ignore

- It only looks like one: a test vector, a revoked key, an identifier of the same form.

## Fix safety

Unsafe: it replaces what you wrote by `[redacted]`. Data that a `{{name}}` inserted is not changed; change the variable.

## References

For the rule:

- GitGuardian, State of Secrets Sprawl (yearly): millions of new credentials in public commits each year, most of them
  still valid days after their owner was told.
- OWASP, Top 10 for LLM applications, LLM02 Sensitive information disclosure.

Against it:

- Forms are guessed: a provider with a new form is missed, and so is a password in plain words. No finding is no proof.
- A few random identifiers have the form of a key and are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic.lint import credentials
from o1magic.lint.diagnostic import Diagnostic, Edit, Fix
from o1magic.lint.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from o1magic.lint.document import Document

_REDACTED = "[redacted]"


def check(document: Document, rule: Rule) -> Iterator[Diagnostic]:
    """Yield each credential; neither message nor fix repeats it."""
    for one in credentials.find(document.text):
        line = document.text.count("\n", 0, one.start) + 1
        message = f"{one.kind} in line {line} would be sent; take it out, and revoke it if it ever was"
        fix = None
        if not document.inserted.touches(one.start, one.end):
            edit = Edit(one.start, one.end, _REDACTED)
            fix = Fix(safe=False, edits=(edit,), title=f"Replace it by {_REDACTED}")
        yield Diagnostic(rule.code, rule.name, rule.severity, message, one.start, one.end, fix)


RULE = Rule("SEC001", "secret-in-prompt", "error", check, __doc__)
