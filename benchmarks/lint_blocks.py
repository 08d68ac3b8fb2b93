"""Precision and recall of the rules about missing delimiters, block by block, on prompts that people sent to models.

    python benchmarks/lint_blocks.py FOLDER [--split test2] [--misses]

The texts are other people's and stand nowhere in this repository: `lint_blocks.jsonl` names for each its GitHub
repository and commit, file, line (JSON Lines) and keys, SHA-256, and its blocks: first and last line, kind. FOLDER is
laid out as for `lint_quality.py`. Several parts are joined by a line break.

All blocks were labelled by reading, before the linter saw the texts, by one reader a set. The linter was tuned on
`dev`; `test` was looked at once, after which lists of words for tasks on texts were extended. `arguable` blocks (short
texts, lists of statements, a task's own numbers) count neither way, found or not. A finding is right when it shares
half of its lines with a block. `dev2` and `test2` are a second set from other sources, and `dev3` and `test3` a third:
523 prompts in 13 languages, chats that people shared and instructions with a text below. `few_shot` says
whether a prompt shows worked examples (null: arguable).

Measured on `test3` on 2026-11-23, when it was looked at for the first time: precision 0.842, recall 0.604 of 53 blocks
(code 8 of 9, data 8 of 9, text 16 of 35); before that day's work 0.862 and 0.472. Of 156 prompts without a block 3 had
a finding. Worked examples: 3 of 7 found, none wrong. What was missed then was mended where the cause was general, so
that a new run finds more, and tells less.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
from collections import Counter
from pathlib import Path

LABELS = Path(__file__).with_name("lint_blocks.jsonl")
RULES = "DEL001,DEL002,DEL003"
SAME = 0.5
ARGUABLE = "arguable"


def text_of(folder: Path, row: dict) -> str | None:
    """Return the text that a row names, None where it is missing or has changed."""
    path = folder / row["repo"].replace("/", "+") / row["path"]
    if not path.is_file():
        return None
    whole = path.read_bytes().decode("utf-8")
    value = json.loads(whole if row["line"] is None else whole.split("\n")[row["line"]])
    parts = []
    for keys in row["parts"]:
        part = value
        for key in keys:
            part = part[key]
        parts.append(part)
    text = "\n".join(parts)
    return text if hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() == row["sha256"] else None


def shared(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Return how many of the lines of both are lines of each."""
    both = min(one[1], other[1]) - max(one[0], other[0]) + 1
    return max(0, both) / (max(one[1], other[1]) - min(one[0], other[0]) + 1)


def judge_examples(row: dict, text: str, count: Counter) -> None:
    """Count whether worked examples were found where there are some, and nowhere else."""
    if row.get("few_shot") is None:
        return
    found = bool(importlib.import_module("o1magic.lint").check(text, select="FEW001,FEW002"))
    count[("right" if row["few_shot"] else "wrong") if found else "missed" if row["few_shot"] else "clean"] += 1


def found_in(text: str) -> list[tuple[int, int]]:
    """Return the first and the last line of each finding."""
    found = importlib.import_module("o1magic.lint").check(text, select=RULES)
    return [(text.count("\n", 0, one.start) + 1, text.count("\n", 0, one.end) + 1) for one in found]


def judge(row: dict, found: list[tuple[int, int]], counts: dict[str, Counter]) -> list[str]:
    """Count what was found and missed by kind of block; return what was wrong."""
    wrong = []
    left = list(found)
    for first, last, kind in row["blocks"]:
        if kind == ARGUABLE:
            left = [one for one in left if not shared(one, (first, last))]
            continue
        best = max(left, key=lambda one: shared(one, (first, last)), default=None)
        hit = best is not None and shared(best, (first, last)) >= SAME
        if hit:
            left.remove(best)
        else:
            wrong.append(f"missed {kind} {first}-{last}")
        for name in (kind, "all"):
            counts.setdefault(name, Counter())["right" if hit else "missed"] += 1
    counts.setdefault("all", Counter())["wrong"] += len(left)
    return wrong + [f"wrong {first}-{last}" for first, last in left]


def ratio(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", choices=("dev", "test", "dev2", "test2", "dev3", "test3"))
    parser.add_argument("--misses", action="store_true")
    arguments = parser.parse_args()
    counts: dict[str, Counter] = {}
    examples: Counter = Counter()
    lost = clean = flagged = 0
    for line in LABELS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if arguments.split not in (None, row["split"]):
            continue
        text = text_of(arguments.folder, row)
        if text is None:
            lost += 1
            continue
        found = found_in(text)
        judge_examples(row, text, examples)
        wrong = judge(row, found, counts)
        clean += not row["blocks"]
        flagged += not row["blocks"] and bool(found)
        if wrong and arguments.misses:
            print(row["repo"], row["sha256"][:12], *wrong, sep="  ")
    print(f"{lost} texts missing or changed; of {clean} prompts without a block {flagged} have a finding")
    for name in sorted(counts):
        count = counts[name]
        known = f"precision {ratio(count['right'], count['right'] + count['wrong'])} " if name == "all" else ""
        blocks = count["right"] + count["missed"]
        print(f"{name:5} {known}recall {ratio(count['right'], blocks)} of {blocks} blocks")
    if shown := examples["right"] + examples["missed"]:
        known = ratio(examples["right"], examples["right"] + examples["wrong"])
        print(f"worked examples: precision {known} recall {ratio(examples['right'], shown)} of {shown} prompts")


if __name__ == "__main__":
    main()
