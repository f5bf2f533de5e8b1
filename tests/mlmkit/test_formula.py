"""lme4's formula language: what is read, what is refused, and whether the place is shown."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmkit import FormulaError, lmer
from mlmkit.frame.columns import make_columns
from mlmkit.frame.design import design
from mlmkit.frame.formula import parse


@pytest.mark.parametrize(
    ("formula", "fixed", "bars"),
    [
        ("y ~ (1 | g)", "1", [("1", "g", False)]),
        ("y ~ x + (1 + x | g)", "x", [("1 + x", "g", False)]),
        ("y ~ x + (0 + x | g)", "x", [("0 + x", "g", False)]),
        ("y ~ x + (x || g)", "x", [("x", "g", True)]),
        ("y ~ (1 | a/b)", "1", [("1", "b:a", False), ("1", "a", False)]),
        ("y ~ (1 | a/b/c)", "1", [("1", "c:(b:a)", False), ("1", "b:a", False), ("1", "a", False)]),
        ("y ~ (1 | a:b)", "1", [("1", "a:b", False)]),
        ("y ~ (1 | a) + (1 | b) - 1", "- 1", [("1", "a", False), ("1", "b", False)]),
        ("log(y) ~ x * z + I(x^2) + (1|g)", "x * z + I(x^2)", [("1", "g", False)]),
        ("y ~ x + us(1 + x | g)", "x", [("1 + x", "g", False)]),
        ("y ~ x + diag(1 + x | a/b)", "x", [("1 + x", "b:a", True), ("1 + x", "a", True)]),
        ("y ~ x + diag (x || g)", "x", [("x", "g", True)]),
        ("y ~ `a|b` + (1 | g)", "`a|b`", [("1", "g", False)]),
        ("y ~ x", "x", []),
    ],
)
def test_parse(formula, fixed, bars):
    parsed = parse(formula)
    assert parsed.fixed == fixed
    assert [(bar.columns, bar.label, bar.independent) for bar in parsed.bars] == bars


def test_offset_is_taken_out():
    assert parse("y ~ x + offset(log(t)) + (1 | g)").offsets == ("log(t)",)


@pytest.mark.parametrize(
    ("formula", "says", "at"),
    [
        ("y ~ (1 | g", "never closed", 4),
        ("y ~ (1 | g))", "without its opening", 11),
        ("y ~ x + 1 | g", "Put brackets", None),
        ("y ~ x + + (1 | g)", "missing before", 8),
        ("y ~ x +", "ends where a term is expected", None),
        ("y ~", "right side of '~' is empty", None),
        ("~ x", "outcome is missing", 0),
        ("y", "exactly one '~'", None),
        ("y ~ x ~ z", "exactly one '~'", 6),
        ("y ~ ( | g)", "left side of '|' is empty", 4),
        ("y ~ (1 | )", "right side of '|' is empty", 4),
        ("y ~ (1 | a + b)", "isn't a grouping factor", None),
        ("y ~ (1 | a | b)", "one '|'", 11),
        ("y ~ x - (1 | g)", "can't be taken away", 8),
        ("y ~ x + cs(1 + x | g)", "isn't offered here. Write (1 + x | group)", 8),
        ("y ~ ar1(0 + t | g)", "isn't offered here", 4),
        ("y ~ diag(1 + x | g, hom = TRUE)", "isn't offered here", 4),
        ("y ~ diag(1 | g", "never closed", 8),
        ("y ~ (1 | g, h)", "'g, h' isn't a grouping factor", None),
    ],
)
def test_errors_show_the_place(formula, says, at):
    with pytest.raises(FormulaError, match=r".") as caught:
        parse(formula)
    assert says in str(caught.value)
    assert formula in str(caught.value)
    if at is not None:
        assert str(caught.value).splitlines()[-1] == "    " + " " * at + "^"


def test_a_formula_must_be_text():
    with pytest.raises(FormulaError, match="not int"):
        parse(3)


names = st.sampled_from(["x", "z", "log(x)", "I(x^2)", "x:z"])
groups = st.sampled_from(["g", "h", "g:h"])


@given(
    fixed=st.lists(names, max_size=3, unique=True),
    bars=st.lists(
        st.tuples(st.lists(names, max_size=2, unique=True), groups, st.booleans()), min_size=1, max_size=3
    ),
    blank=st.sampled_from(["", " ", "  "]),
)
def test_what_is_written_is_what_is_read(fixed, bars, blank):
    pieces = list(fixed)
    for columns, group, double in bars:
        left = f"{blank}+{blank}".join(["1", *columns])
        pieces.append(f"({left}{blank}{'||' if double else '|'}{blank}{group})")
    parsed = parse("y~" + f"{blank}+{blank}".join(pieces))
    assert parsed.fixed.replace(" ", "") == ("+".join(fixed) or "1")
    assert [(bar.label, bar.independent) for bar in parsed.bars] == [(g, d) for _, g, d in bars]


@given(st.text(alphabet="y~x+-|()/: 1g", max_size=15))
def test_any_text_is_read_or_refused_with_a_sentence(text):
    try:
        parse(text)
    except FormulaError as error:
        assert error.formula == text
        assert str(error).split("\n")[0].endswith((".", "'"))


FRAME = pd.DataFrame(
    {
        "y": [1.0, 2, 4, 3, 5, 7],
        "x": [1.0, 2, 4, 3, 6, 9],
        "n": [1, 2, 3, 4, 5, 7],
        "p": list("abcabc"),
        "b": [True, False, True, True, False, True],
        "g": list("uuvvww"),
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", ["(Intercept)"]),
        ("x + n", ["(Intercept)", "x", "n"]),
        ("0 + x", ["x"]),
        ("x - 1", ["x"]),
        ("p", ["(Intercept)", "pb", "pc"]),
        ("0 + p", ["pa", "pb", "pc"]),
        ("p * x", ["(Intercept)", "pb", "pc", "x", "pb:x", "pc:x"]),
        ("b", ["(Intercept)", "bTRUE"]),
        ("factor(n) - 1", [f"factor(n){i}" for i in (1, 2, 3, 4, 5, 7)]),
        ("log(x) + I(x^2)", ["(Intercept)", "log(x)", "I(x^2)"]),
        ("poly(x, 2)", ["(Intercept)", "poly(x, 2)1", "poly(x, 2)2"]),
    ],
)
def test_columns_have_the_names_of_r(text, expected):
    columns = make_columns(text, FRAME)
    assert columns.names == expected
    for made, again in zip(columns.arrays, columns.again(FRAME), strict=True):
        assert (made == again).all()


def test_double_bar_splits_terms_not_columns():
    factor = design("y ~ x + (1 + x + p || g)", FRAME).factors[0]
    assert [term.columns.names for term in factor.terms] == [["(Intercept)"], ["x"], ["pa", "pb", "pc"]]
    assert [term.label for term in factor.terms] == ["g", "g.1", "g.2"]


def test_a_diagonal_covariance_splits_terms():
    """lme4 2 keeps the columns of a factor apart in ``diag``, too: here that is refused."""
    apart, double = (
        design(f"y ~ x + {term}", FRAME).factors[0] for term in ("diag(1 + x | g)", "(1 + x || g)")
    )
    assert [term.columns.names for term in apart.terms] == [["(Intercept)"], ["x"]]
    assert [term.label for term in apart.terms] == [term.label for term in double.terms]
    with pytest.raises(FormulaError, match=r"diag\(\.\.\.\) with the columns pa and pb and pc of one factor"):
        design("y ~ diag(0 + p | g)", FRAME)
    assert len(design("y ~ diag(0 + p || g)", FRAME).factors[0].terms) == 1


# REMLcrit of lme4 2.1-0, which stops above the optimum.
@pytest.mark.parametrize(("term", "criterion"), [("us", 1743.62827196), ("diag", 1743.66929358)])
def test_structures_are_those_of_lme4(sleepstudy, term, criterion):
    fit = lmer(f"Reaction ~ Days + {term}(Days | Subject)", sleepstudy)
    assert fit.criterion == pytest.approx(criterion, abs=1e-6)


def test_combinations_of_groups_and_their_order():
    model = design("y ~ (1 | g/b)", FRAME)
    assert [factor.label for factor in model.factors] == ["b:g", "g"]
    assert list(model.factors[0].levels) == ["FALSE:u", "FALSE:w", "TRUE:u", "TRUE:v", "TRUE:w"]
    assert list(model.factors[0].codes) == [2, 0, 3, 3, 1, 4]
