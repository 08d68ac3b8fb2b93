"""What the sub-commands show: models, rules, findings; the magic and the command line print the same.

Layer 8. None of them sends anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from o1magic import api, arguments, endpoint, render, session, settings, untrusted
from o1magic.choice import catalogued, choose_model
from o1magic.draft import cell_of, settle_settings
from o1magic.errors import ArgumentError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from o1magic.answer import Answer
    from o1magic.lint import Diagnostic
    from o1magic.render import Bundle


def models() -> Bundle:
    """Return the table of models; the default one is starred."""
    desk = session.desk()
    listed = desk.catalog.models.values()
    rows = render.model_rows(listed, default=desk.catalog.default_model, today=desk.today())
    return render.table(render.MODEL_HEADERS, rows, caption="* answers unless -m says otherwise; prices in USD")


def rule(code: str) -> str:
    """Return the page of a lint rule, in Markdown.

    Raises ArgumentError: no rule has that code.
    """
    from o1magic.lint import explain

    return explain(code)


def lint(text: str) -> Bundle:
    """Return the findings on a prompt or cell as a table, for the model and with the codes that `%%o1` would take."""
    desk = session.desk()
    chosen = settle_settings(cell_of(text, {}).given, desk)
    found = api.lint(text, model=chosen.model or desk.catalog.default_model, ignore=chosen.ignore)
    if not found:
        return render.bundle("<div>Nothing found.</div>", "Nothing found.")
    rows = [[one.code, one.severity, render.place(text, one), one.message, _remedy(one)] for one in found]
    return render.table(("code", "severity", "where", "what", "fix"), rows)


def _remedy(diagnostic: Diagnostic) -> str:
    if diagnostic.fix is None:
        return "–"
    return f"{diagnostic.fix.title} ({'safe' if diagnostic.fix.safe else '--fix all'})"


def code_of(answer: Answer, number: int, *, where: str) -> tuple[str, str | None]:
    """Return a sentence on a code block of an answer, and the block, None where there is no such one.

    `where` says where it is put. Characters that cannot be seen are marks in it, so that what is read is what runs.
    """
    found = answer.code
    if not found:
        return "No code block in this answer.", None
    if number > len(found):
        return f"This answer has {_blocks(len(found))}: there is no number {number}.", None
    language, text = found[number - 1]
    shown = untrusted.visible(text)
    lines = text.count("\n")
    kind = f"{untrusted.name(language)}, " if language else ""
    which = "The code block" if len(found) == 1 else f"Code block {number} of {len(found)}"
    said = f"{which} ({kind}{lines} {'line' if lines == 1 else 'lines'}) is {where}; nothing ran."
    if len(found) > 1:
        said += f" --code {number % len(found) + 1} takes another."
    if shown != text.replace("\r\n", "\n"):
        said += " It held characters that cannot be seen: they are marks now."
    return said, shown.removesuffix("\n")


def _blocks(number: int) -> str:
    return "1 code block" if number == 1 else f"{number} code blocks"


def to_copy(text: str) -> Bundle:
    """Return a text to be copied: one click selects all of it, since no kernel reaches a person's clipboard."""
    # The browser drops a line end right behind the tag.
    shown = f'<pre style="user-select: all; -webkit-user-select: all; cursor: copy">\n{untrusted.html(text)}</pre>'
    return render.bundle(f"<div>A click selects it all; then Ctrl-C, or ⌘-C.</div>{shown}", untrusted.visible(text))


def known(word: str, table: Mapping[str, object], *, kind: str) -> str:
    """Return the word if the table has it.

    Raises ArgumentError: it has not; the nearest is named.
    """
    if word in table:
        return word
    raise ArgumentError(
        f"There is no {kind} {word!r}{arguments.nearest(word, table)} Nothing was sent.",
        how=f"There are: {', '.join(table)}.",
    )


def takes(words: list[str], usage: str, *, at_least: int = 0, at_most: int) -> list[str]:
    """Return the words if there are as many as the sub-command takes.

    Raises ArgumentError: too few or too many.
    """
    if at_least <= len(words) <= at_most:
        return words
    raise ArgumentError(f"Usage: %o1 {usage}. Nothing was sent.")


def option(words: list[str], name: str, usage: str) -> str | None:
    """Take an option and its value out of the words, and return the value; None where it is not there.

    Raises ArgumentError: it has no value.
    """
    if name not in words:
        return None
    place = words.index(name)
    if place + 1 == len(words):
        raise ArgumentError(f"Usage: %o1 {usage}. Nothing was sent.")
    value = words[place + 1]
    del words[place : place + 2]
    return value


def model(name: str) -> str:
    """Return a sentence about a model that is to answer from here on.

    Raises UnknownModelError: the name is one slip away from a known one.
    """
    desk = session.desk()
    _, facts = choose_model(arguments.Arguments(model=name), settings.Settings(model=name), desk.catalog)
    if not facts.known:
        return f"{name} answers from here on; it is not in the catalog: its limits and its price are unknown."
    window = f"window {render.tokens_of(facts.context_window)}, at most {render.tokens_of(facts.max_output)} out"
    efforts = f", effort {'|'.join(facts.efforts)}" if facts.efforts else ""
    gone = facts.shutdown is not None and facts.is_shut_down(desk.today())
    ended = f"; OpenAI shut it down on {facts.shutdown:%Y-%m-%d}, see {facts.successor or '%o1 models'}" if gone else ""
    return f"{name} answers from here on: {window}{efforts}{ended}."


def connect(choice: str) -> str:
    """Return a sentence about where prompts go from here on; only the simulator is started, nothing is sent.

    Raises ConfigError: an address or a key that cannot work. ArgumentError: a scenario the simulator does not have.
    """
    desk = session.desk()
    target = endpoint.resolve(choice, desk.environ, simulator=desk.simulator, typed=desk.keys)
    if target.kind == "simulator":
        return f"Prompts go to the simulator at {target.host}: its answers and its bills are simulated."
    return f"Prompts go to {target.host} ({target.key_source})."


CHAT_HEADERS = ("conversation", "turns", "aside", "tokens", "window", "full", "model")


def chats() -> Bundle:
    """Return the table of conversations; `aside` counts the turns that cells run again have left behind."""
    found = session.desk().chats
    if not found:
        return {"text/plain": "No conversation yet: %%o1 -c NAME begins one. A restart of the kernel ends them all."}
    rows = []
    for name, chat in found.items():
        last, window = chat.last, chat.last.model.context_window
        aside = len(set(map(id, chat.of_cell.values())) - set(map(id, last.path())))
        full = f"{last.tokens.tokens / window:.1%}" if window else "unknown"
        facts = (str(last.tokens), render.tokens_of(window), full, last.model.name)
        rows.append([name, str(last.number), str(aside), *facts])
    return render.table(CHAT_HEADERS, rows, caption="kept in this kernel's memory only; tokens as the next turn sends")


def drop_chat(name: str) -> Bundle:
    """Forget a conversation, and return a sentence about it. Raises ArgumentError: there is none of that name."""
    found = session.desk().chats
    gone = found.pop(known(name, found, kind="conversation"))
    turns = "1 turn" if gone.last.number == 1 else f"{gone.last.number} turns"
    return {"text/plain": f"{name} is forgotten ({turns})."}


def facts_as(name: str) -> str:
    """Return a sentence about the model whose facts hold for whatever a model is called at the endpoint.

    Raises UnknownModelError: the catalog has no such model.
    """
    facts = catalogued(session.desk().catalog, name)
    return f"Whatever name is asked for there, the facts and prices of {facts.name} hold."


def key(choice: str | None, read: Callable[[str], str]) -> str:
    """Keep the key that `read` returns for an endpoint, in this process only, and return a sentence about it.

    `read` is given the host and returns the key, "" to forget the one that was typed. The endpoint is the one in
    force where none is named. Raises ConfigError: no key, or no endpoint that takes one.
    """
    desk = session.desk()
    chosen = choice or settle_settings(arguments.Arguments(), desk).endpoint or "openai"
    if chosen.partition(":")[0] == "simulator":
        raise ConfigError("The simulator takes any key; nothing was asked.", how="`%o1 key openai` asks for one.")
    if chosen not in endpoint.NAMES and "://" not in chosen:
        raise ConfigError(
            "That is no endpoint, and a key is not typed into a cell, where it would stay.",
            how=f"`%o1 key NAME` asks for it in a hidden field; NAME is {', '.join(endpoint.NAMES)} or an address.",
        )
    origin = endpoint.origin_of(chosen, desk.environ)
    given = endpoint.clean_key(read(origin[1]), source="what was typed")
    if not given:
        known = desk.keys.pop(origin, None)
        return f"The key for {origin[1]} is forgotten." if known else f"No key was given for {origin[1]}."
    desk.keys[origin] = endpoint.Secret(given)
    return f"The key for {origin[1]} is kept until this process ends; it goes nowhere else."
