"""Formulas are equal when their models are."""

import pytest

from mlmkit.answers.encoding import BadAnswerError
from mlmkit.answers.same_model import canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("y ~ (1|g)", "y ~ 1 + (1 | g)"),
        ("y ~ a*b + (1|g)", "y ~ a + b + b:a + (1|g)"),
        ("y ~ x + (x || g)", "y ~ x + (1 | g) + (0 + x | g)"),
        ("y ~ (1 | g/h)", "y ~ (1 | g) + (1 | h:g)"),
        ("log(y) ~ x + (1 | g)", "log( y ) ~ x + (1 | g)"),
        ("y ~ x - 1 + (1|g)", "y ~ 0 + x + (1|g)"),
    ],
)
def test_equal_models(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("y ~ (1|g)", "y ~ (1|h)"),
        ("y ~ (1|g)", "y ~ 1"),
        ("y ~ (1|g)", "log(y) ~ (1|g)"),
        ("y ~ x + (x|g)", "y ~ x + (x||g)"),
        ("y ~ x + (x|g)", "y ~ x + (0+x|g)"),
        ("y ~ x + (1|g)", "y ~ x - 1 + (1|g)"),
        ("y ~ a:b + (1|g)", "y ~ a*b + (1|g)"),
        ("y ~ x + (1|g)", "y ~ x + offset(w) + (1|g)"),
    ],
)
def test_different_models(one, other):
    assert canonical(one) != canonical(other)


def test_numpys_prefix_of_a_function_makes_no_other_model():
    assert canonical("np.log(y) ~ np.sqrt(x) + (1|g)") == canonical("log(y) ~ sqrt(x) + (1|g)")
    assert canonical("amp.y ~ (1|g)") != canonical("y ~ (1|g)")


@pytest.mark.parametrize(
    "text", ["", "y", "y ~", "~ x", "y ~ x ~ z", "y ~ (1|g", "y ~ x y", "y ~ 'a", "y ~ *"]
)
def test_what_is_no_formula_says_so(text):
    with pytest.raises(BadAnswerError, match="can't be read"):
        canonical(text)
