from __future__ import annotations

import json
import re
from base64 import b64decode
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from ledgers import fill, hold, outcome

from o1magic import overview, picture
from o1magic.answer import Usage
from o1magic.ledger import Ledger, Outcome, Row, Total


def only(ledger: Ledger) -> Row:
    (row,) = ledger.rows(1)
    return row


def named(row: Row, session: str = "s") -> dict[str, object]:
    return dict(zip(overview.COLUMNS, overview.entry(row, session), strict=True))


def test_a_row_becomes_one_short_list(tmp_path: Path) -> None:
    """Names, counts and flags in the order of COLUMNS; no key, no prompt, no answer, and under 250 bytes."""
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        hold(ledger, "a" * 32, lint_found=("COT001", "DEL001"), lint_fixed=("DEL001",))
        ledger.settle("a" * 32, Outcome("settled", "o3-2025", Usage(10, 4, 6, 9), 5, None, 1, 1.23456, "stop"))
        told = named(only(ledger))

        assert told["model"] == "o3-2025"
        assert told["asked"] == "o3"
        assert (told["prompt"], told["cached"], told["reasoning"], told["completion"]) == (10, 4, 6, 9)
        assert (told["cost_nano_usd"], told["mine"], told["simulated"], told["seconds"]) == (5, 1, 0, 1.235)
        assert (told["lint"], told["fixed"]) == ("COT001 DEL001", "DEL001")
        assert named(only(ledger), "another")["mine"] == 0
        assert len(json.dumps(overview.entry(only(ledger), "s"))) < 250


def test_unknown_stays_unknown(tmp_path: Path) -> None:
    """What the endpoint did not tell is null on its way to a page, "unknown" in a table, and never 0."""
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        hold(ledger, "a")
        ledger.settle("a", Outcome("unknown", None, Usage(), None, None, 1, 1.0, None))
        told = named(only(ledger))
        shown = overview.static(ledger.rows(), ledger.spend("s"), session="s", written="now")

    assert [told[name] for name in ("prompt", "reasoning", "completion", "cost_nano_usd", "finish")] == [None] * 5
    assert len(re.findall(r"\bunknown\b", shown["text/plain"].splitlines()[4])) == 5  # four numbers and the state
    assert "reasoning ≥0 · visible ≥0 · $0.00 · cost of 1 unknown · $1.00 on hold" in shown["text/plain"]


def test_a_name_from_the_wire_is_neutralised(tmp_path: Path) -> None:
    """Control and bidirectional characters come as marks, markup as text."""
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        hold(ledger, "a")
        evil = "o3\u202e<img src=x onerror=alert(1)>\x1b[31m"
        ledger.settle("a", outcome(model=evil, finish_reason=evil))
        told = json.dumps(overview.entry(only(ledger), "s"), ensure_ascii=False)
        shown = overview.static(ledger.rows(), ledger.spend("s"), session="s", written="now")

    assert "\u202e" not in told + shown["text/html"] + shown["text/plain"]
    assert "\x1b" not in told + shown["text/html"] + shown["text/plain"]
    assert "<img src=x" not in shown["text/html"]


def test_simulated_money_is_never_shown_as_real(tmp_path: Path) -> None:
    """A simulated call says so in its row and in the sum, and its cost stands in brackets."""
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        hold(ledger, "a", simulated=True)
        ledger.settle("a", outcome())
        shown = overview.static(ledger.rows(), ledger.spend("s"), session="s", written="now")["text/plain"]
        assert "each bar a call, simulated" in picture.svg(ledger.rows())
        hold(ledger, "b")
        assert "each bar a call, some simulated" in picture.svg(ledger.rows())

    assert "simulated: 1, would have cost $0.001" in shown
    assert "o3 (simulated)" in shown
    assert "($0.001)" in shown
    assert "· $0.00 ·" not in shown


def test_the_static_state_is_a_picture_and_a_table_of_bounded_size(tmp_path: Path) -> None:
    """With 500 calls it is as large as with 200: at most 120 bars, ten rows; nothing in it runs or loads."""
    sizes = []
    for count in (200, 500):
        fill(tmp_path / f"{count}.sqlite3", count, session="s")
        with Ledger(tmp_path / f"{count}.sqlite3") as ledger:
            rows = ledger.rows(overview.MOST_PICTURED)
            html = overview.static(rows, ledger.spend("s"), session="s", written="now")["text/html"]
        sizes.append(len(html))
        (encoded,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', html)
        drawn = b64decode(encoded).decode()
        assert html.count("<tr>") == 11
        assert not re.search(r"(?i)<script|\son\w+=|https?://(?!www\.w3\.org/2000/svg)", html + drawn)

    assert max(sizes) < 20_000
    assert sizes[1] < 1.3 * sizes[0]


def test_without_calls_the_static_state_says_so(tmp_path: Path) -> None:
    """An empty ledger is a sentence, not an empty picture."""
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        shown = overview.static((), ledger.spend("s"), session="s", written="now")

    assert shown["text/plain"].startswith("No calls yet.")
    assert "<img" not in shown["text/html"]


def test_calls_of_another_session_stand_in_where_this_one_has_none(tmp_path: Path) -> None:
    """After a restart the picture shows all calls, and says that it does."""
    fill(tmp_path / "l.sqlite3", 3, session="before")
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        shown = overview.static(ledger.rows(), ledger.spend("s"), session="s", written="now")

    assert shown["text/plain"].startswith("all calls: 3 calls")


@given(st.floats(0, 10**9))
def test_a_scale_ends_at_a_round_number_not_far_above(most: float) -> None:
    """1, 2 or 5 and zeros; at most two and a half times what it must hold."""
    end = picture.nice(most)

    assert re.fullmatch("[125]0*", str(end))
    assert most <= end <= max(1, 2.5 * most)


def test_the_sentence_says_what_is_known_of_a_total() -> None:
    """Untold output makes both parts a lower bound; real money and simulated money stand apart."""
    total = Total(calls=3, reasoning_tokens=5, visible_tokens=5, completion_tokens=30, cost_nano_usd=10**9)

    assert overview.sentence(total, ()) == "3 calls · reasoning ≥5 · visible ≥5 · $1.00"
    assert overview.sentence(Total(calls=1, simulated_calls=1), ()).endswith("simulated: 1, would have cost $0.00")
