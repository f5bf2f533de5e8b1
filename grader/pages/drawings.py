"""Where the parts of the report's figures lie; the templates draw them as SVG, with the same in words."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from grader.marks.gradebook import Class
from grader.pages.question_rows import QuestionRow

LEFT, RIGHT, TOP, BOTTOM = 46.0, 428.0, 12.0, 262.0  # of the frame, in a drawing 440 wide
HALF_LETTER, LINE = 4.0, 13.0  # of a label


@dataclass(frozen=True)
class Point:
    """A question in the drawing: its point, its interval, and where its number stands."""

    name: str
    place: str
    x: float
    low: float
    high: float
    y: float
    label_x: float
    label_y: float
    number: str


@dataclass(frozen=True)
class Scatter:
    """Difficulty against discrimination: points, the marks of both axes, and the same in words."""

    points: list[Point]
    ticks_x: list[tuple[float, str]]
    ticks_y: list[tuple[float, str]]
    line: float
    words: str


def histogram(group: Class) -> list[dict]:
    """Count the scores in ten equal classes of the share of points; full marks fall into the last."""
    shares = [item.share for item in group.graded if item.share is not None]
    counts = Counter(min(9, max(0, math.floor(share * 10 + 1e-9))) for share in shares)
    highest = max(counts.values(), default=1)
    return [
        {
            "low": 10 * place,
            "high": 10 * place + 10,
            "count": counts[place],
            "height": counts[place] / highest,
        }
        for place in range(10)
    ]


def scatter(rows: list[QuestionRow]) -> Scatter | None:
    """Place the questions that have both numbers; None where none has."""
    found = [row for row in rows if row.right is not None and row.discrimination is not None]
    if not found:
        return None
    floor = min(0.0, math.floor(5 * min(row.discrimination for row in found)) / 5)

    def across(share):
        return LEFT + (RIGHT - LEFT) * share

    def up(value):
        return BOTTOM - (BOTTOM - TOP) * (value - floor) / (1 - floor)

    taken: list[tuple[float, float, float]] = []
    points = []
    for row in sorted(found, key=lambda row: row.right.share):
        x, y, number = across(row.right.share), up(row.discrimination), row.asked.number
        label = _free_place(x, y, len(number) * HALF_LETTER, taken, [(p.x, p.y) for p in points])
        low, high = across(row.right.low), across(row.right.high)
        points.append(Point(row.name, f"q-{row.question.id}", x, low, high, y, *label, number))
    steps = range(round(5 * floor), 6)
    return Scatter(
        points,
        [(across(share / 100), str(share)) for share in range(0, 101, 20)],
        [(up(step / 5), f"{step / 5:.1f}".replace("-", "−")) for step in steps],
        up(0.2),
        " ".join(
            f"{row.name}: {100 * row.right.share:.0f} % right, discrimination {row.discrimination:.2f}."
            for row in found
        ),
    )


def _free_place(x, y, half, taken, points) -> tuple[float, float]:
    """Find a place for a label beside its point where no other label or point is."""
    around = [(0, -8), (0, 19), (half + 9, -8), (-half - 9, -8), (half + 9, 19), (-half - 9, 19)]
    farther = [(dx, dy + step) for step in (-14, 14, -28, 28) for dx, dy in around]
    for dx, dy in [*around, *farther]:
        at = min(max(x + dx, LEFT + half), RIGHT - half), y + dy
        free = all(abs(at[0] - a) >= half + b + 2 or abs(at[1] - c) >= LINE for a, c, b in taken)
        clear = all(abs(at[0] - a) >= half + 5 or abs(at[1] - 4 - c) >= 9 for a, c in points)
        if free and clear and TOP + 8 <= at[1] <= BOTTOM - 2:
            break
    else:
        at = x, y - 8
    taken.append((*at, half))
    return at
