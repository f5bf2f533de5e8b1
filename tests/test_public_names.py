"""Small is a feature: a public name of mlmkit that no lesson, question or page uses is not kept."""

import re
from pathlib import Path

import mlmkit

ROOT = Path(__file__).parents[1]
PLACES = ["solutions/*.md", "course/**/*.md", "grader/**/*.py", "README.md"]
# Without a use in the course, and why each is public all the same.
KEPT = {
    "FormulaError": "the error that a wrong formula raises, for those who catch it",
    "counties_for": "the radon data are a source of own data, too; no lesson asks for them yet",
    "radon_for": "the same",
    "plot_funnel": "the plot of a sampler in trouble, which the books show",
}


def unused():
    """List the public names that are written in no place where students or instructors meet them."""
    texts = [path.read_text(encoding="utf-8") for place in PLACES for path in ROOT.glob(place)]
    assert len(texts) > 50
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    return {name for name in mlmkit.__all__ if name not in words}


def test_every_public_name_has_a_use():
    assert unused() == set(KEPT)
