"""Two rounds of edits of a text as one round: what an editor needs to repair a text in one step.

Called by `engine`. Pure.
"""

from __future__ import annotations

from o1magic.lint.diagnostic import Edit


def composed(first: list[Edit], then: list[Edit], between: str) -> list[Edit]:
    """Return the edits that do what `first` and after it `then` do; `between` is the text that `then` is about.

    Both are in order of position and do not overlap. Linear in edits and text.
    """
    placed: list[tuple[int, int, int, Edit | None]] = []
    shift = 0
    for edit in first:
        grown = len(edit.text) - (edit.end - edit.start)
        placed.append((edit.start + shift, edit.start + shift + len(edit.text), grown, None))
        shift += grown
    placed += [(edit.start, edit.end, 0, edit) for edit in then]
    placed.sort(key=lambda one: one[:2])
    result: list[Edit] = []
    shift = i = 0
    while i < len(placed):
        start, end = placed[i][:2]
        grown, at = 0, start
        pieces: list[str] = []
        while i < len(placed) and placed[i][0] <= end:  # whatever touches is one edit
            _, stop, more, new = placed[i]
            if new is not None:
                pieces += (between[at : new.start], new.text)
                at = new.end
            grown, end, i = grown + more, max(end, stop), i + 1
        pieces.append(between[at:end])
        result.append(Edit(start - shift, end - shift - grown, "".join(pieces)))
        shift += grown
    return result
