"""Who draws from a generator changes it, also by a function; where the text can't tell, there is doubt."""

import pytest

from grader.sandbox.bindings import Notebook
from grader.sandbox.commute import DoubtError, effects_of

BEFORE = [
    "import numpy as np\nfrom mlmkit import bootstrap, lmer, sim, simulate_data",
    "gen = np.random.default_rng(1)\nown = [1, 2]\nfit = lmer('y ~ (1 | g)', own)\nplan = np.arange(3)",
    "def draws(r, n=1):\n    return r.normal(size=n)",
    "def twice(one):\n    return [draws(one) for _ in range(2)]",
    "def seeded(number):\n    return np.random.default_rng(number).normal()",
    "def fake(r):\n    return simulate_data('y ~ (1 | g)', plan, seed=r)",
    "for number in range(3):\n    pass",
]


def effects(cell):
    return effects_of(cell, Notebook.of([*BEFORE, cell]))


CHANGES = {
    "gen.normal()": {"gen"},
    "draws(gen)": {"gen"},
    "draws(n=2, r=gen)": {"gen"},
    "draws(gen, **{'n': 2})": {"gen"},
    "[draws(gen) for one in range(3)]": {"gen"},
    "twice(gen)": {"gen"},
    "fake(gen)": {"gen"},
    "seeded(gen)": {"gen"},
    "simulate_data('y ~ (1 | g)', plan, seed=gen)": {"gen"},
    "plan.sample(2, random_state=gen)": {"gen"},
    "fit.sim(10, gen)": {"gen"},
    "sim(fit, 10, gen)": {"gen"},
    "bootstrap(fit, None, 10, gen)": {"gen"},
    "gen.shuffle(own)": {"gen", "own"},
    "np.random.shuffle(own)": {"own"},
    "draws(np.random.default_rng(2))": set(),
    "fresh = np.random.default_rng(2)\ndraws(fresh)": set(),
    "seeded(3)": set(),
    "seeded(number)": set(),
    "[np.random.default_rng(seed) for seed in range(3)]": set(),
    "for seed in [1, 2]:\n    fit.sim(seed=seed)": set(),
}


@pytest.mark.parametrize("cell", CHANGES)
def test_what_is_drawn_from_is_changed(cell):
    assert CHANGES[cell] <= effects(cell).changes
    assert effects(cell).changes & {"gen", "own"} == CHANGES[cell]


def test_functions_that_draw_from_what_they_are_given_are_plain():
    for cell in BEFORE:
        assert not effects_of(cell, Notebook.of(BEFORE)).changes


DOUBTS = {
    "the function under another name": "other = draws",
    "the function is given": "list(map(draws, [gen]))",
    "another function of its name": "def draws(r):\n    return 1\ndraws(gen)",
    "a parameter of its name": "def run(draws):\n    return draws(gen)",
    "arguments in a list": "draws(*[gen])",
    "the generator in a dictionary": "draws(**{'r': gen})",
    "the function's own generator": "def late(r=gen):\n    return r.normal()\nlate()",
    "a generator of the notebook in a function": "def late():\n    return gen.normal()",
    "the same handed on": "def late():\n    return draws(gen)",
    "in a lambda": "run = lambda: draws(gen)",
    "a lambda that is given back": "def late(r):\n    return lambda: r.normal()\nlate(gen)",
    "a part of a parameter": "def late(r):\n    return r.parts.normal()",
    "a parameter that is bound again": "def late(r):\n    r = [r]\n    return r[0].normal()",
    "one of several": "[draws(one) for one in [gen]]",
    "a shuffled parameter": "def late(r, deck):\n    r.shuffle(deck)",
    "a list that a function fills": "def late(r):\n    r.append(1)\nlate(own)",
    "the same generator under two names": "two = np.random.default_rng(gen)",
}


@pytest.mark.parametrize("cell", DOUBTS.values(), ids=DOUBTS)
def test_what_may_draw_otherwise_is_in_doubt(cell):
    notebook = Notebook.of([*BEFORE, cell])
    with pytest.raises(DoubtError):
        for one in [*BEFORE, cell]:
            effects_of(one, notebook)


def test_functions_that_call_each_other_come_to_an_end():
    cells = ["def to(r):\n    return fro(r)", "def fro(r):\n    return to(r), r.normal()", "to(gen)"]
    assert "gen" in effects_of(cells[2], Notebook.of([*BEFORE, *cells])).changes
