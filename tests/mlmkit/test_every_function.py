"""Every public function and every method on every kind of fit: a result, or a sentence that says why not."""

import inspect

import matplotlib
import numpy as np
import pytest

import mlmkit
from mlmkit import complete_pooling, glmer, lmer, no_pooling, stan_glmer
from mlmkit.bayes.fit import StanFit
from mlmkit.fits.generalized import GeneralizedFit
from mlmkit.fits.linear import LinearMixedFit
from mlmkit.fits.regression import RegressionFit

matplotlib.use("agg")
pytestmark = pytest.mark.long(45)
CLASSES = (LinearMixedFit, GeneralizedFit, RegressionFit, StanFit)
YES_NO = "price > 1e6 ~ scale_sqft + (1 | zipcode)"
MAKERS = {
    "lmer": lambda data: lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", data),
    "lmer, crossed": lambda data: lmer("price ~ (1 | zipcode) + (1 | grade)", data, REML=False),
    "glmer, binomial": lambda data: glmer(YES_NO, data),
    "glmer, poisson": lambda data: glmer("bedrooms ~ (1 | zipcode)", data, family="poisson"),
    "glmer, negative binomial": lambda data: glmer(
        "view ~ scale_sqft + (1 | zipcode)", data, family="negative_binomial"
    ),
    "complete pooling": lambda data: complete_pooling("price ~ scale_sqft + (1 | zipcode)", data),
    "complete pooling, binomial": lambda data: complete_pooling(YES_NO, data, family="binomial"),
    "no pooling": lambda data: no_pooling("price ~ scale_sqft + (1 | zipcode)", data),
    "no pooling, poisson": lambda data: no_pooling("bedrooms ~ (1 | zipcode)", data, family="poisson"),
    "exact draws": lambda data: stan_glmer("price ~ (1 | zipcode)", data, draws=100, chains=2, seed=1),
    "prior, binomial": lambda data: stan_glmer(
        YES_NO, data, family="binomial", draws=50, chains=2, seed=1, prior_PD=True
    ),
    "prior": lambda data: stan_glmer(
        "price ~ (1 | zipcode)", data, draws=50, chains=2, seed=1, prior_PD=True
    ),
}
# What a call needs beside the fit. Everything else is called with the fit alone.
ARGUMENTS = {
    "profile": {"parameter": "(Intercept)"},
    "plot_profile": {"parameter": "(Intercept)"},
    "plot_group_line": {"predictor": "scale_sqft"},
    "bootstrap": {"n_sims": 3},
    "criterion_at": {"sd": [1000.0]},
    "marginal_model": {"data": mlmkit.load_seattle()},
}
NO_FIT = {"simulate_data", "power", "plot_scatter_by_group", "plot_weights", "check"}


@pytest.fixture(scope="module")
def fits(request):
    data = mlmkit.load_seattle()
    return {name: make(data) for name, make in MAKERS.items()}


def functions_of_a_fit():
    for name in mlmkit.__all__:
        thing = getattr(mlmkit, name)
        if inspect.isclass(thing) or name in NO_FIT:
            continue
        first = next(iter(inspect.signature(thing).parameters.values()), None)
        if first is not None and first.name in ("fit", "fits"):
            yield name


def names_of_fits():
    return sorted({name for kind in CLASSES for name in dir(kind) if not name.startswith("_")})


def check_sentence(error):
    text = str(error)
    assert len(text.split()) >= 6 and text.rstrip().endswith((".", ")")), text
    for word in ("object has no attribute", "unexpected keyword", "subscriptable"):
        assert word not in text


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", list(functions_of_a_fit()))
def test_functions(fits, kind, name):
    fit = fits[kind]
    arguments = dict(ARGUMENTS.get(name, {}))
    if name == "refit":
        arguments["y"] = fit.design.y
    try:
        result = getattr(mlmkit, name)(fit, **arguments)
    except (TypeError, ValueError, ModuleNotFoundError) as error:
        check_sentence(error)
    except AttributeError as error:
        assert f"A {fit.kind} has no " in str(error)
        check_sentence(error)
    else:
        assert result is not None or name in {"display", "shrinkage_slider", "sigma"}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("name", names_of_fits())
def test_attributes(fits, kind, name):
    fit = fits[kind]
    try:
        found = getattr(fit, name)
    except AttributeError as error:
        assert str(error).startswith(f"A {fit.kind} has no {name}: "), str(error)
        check_sentence(error)
        return
    if not inspect.ismethod(found):
        return
    required = [
        p.name
        for p in inspect.signature(found).parameters.values()
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]
    given = {"parameter": "(Intercept)", "y": fit.design.y}
    try:
        assert found(**{name: given[name] for name in required}) is not None
    except (TypeError, ValueError) as error:
        check_sentence(error)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("residual", ["response", "pearson", "deviance"])
def test_residuals(fits, kind, residual):
    try:
        assert np.isfinite(fits[kind].resid(residual)).all()
    except (TypeError, ValueError) as error:
        check_sentence(error)


@pytest.mark.parametrize("name", ["fixef", "ranef", "confint", "sim", "predict", "display", "shrinkage"])
def test_what_is_no_fit_gets_a_sentence(name):
    for thing in (None, 3, "price ~ 1", np.zeros(3), mlmkit.load_seattle()):
        with pytest.raises(TypeError) as caught:
            getattr(mlmkit, name)(thing)
        check_sentence(caught.value)
