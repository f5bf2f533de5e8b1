"""The adapter for marginaleffects, in an environment with the extra; the other environments don't have it."""

import json
import subprocess

import numpy as np
import pytest
from distributions import PYPROJECTS, copy_repository, environment, install
from numpy.testing import assert_allclose
from scipy.special import expit

from mlmkit import complete_pooling, glmer, lmer, load_seattle, marginal_model

SCRIPT = """
import json, warnings
from marginaleffects import avg_comparisons, avg_predictions, avg_slopes, predictions
from mlmkit import glmer, lmer, load_seattle, marginal_model

warnings.simplefilter("ignore")
homes = load_seattle()
homes["large"] = (homes["bedrooms"] > 3).map({True: "yes", False: "no"})
found = {}

def keep(name, table):
    table = table.to_pandas() if hasattr(table, "to_pandas") else table
    found[name] = {key: table[key].tolist() for key in ("estimate", "std_error")}

line = lmer("price ~ scale_sqft * large + (1 + scale_sqft | zipcode)", homes)
million = glmer("price > 1e6 ~ scale_sqft + large + (1 | zipcode)", homes)
keep("slopes of a line", avg_slopes(marginal_model(line, homes, new_levels="zero"), variables="scale_sqft"))
for choice in (None, "zero", "marginal"):
    model = marginal_model(million, homes, new_levels=choice)
    keep(f"comparison, {choice}", avg_comparisons(model, variables="large"))
    keep(f"slope, {choice}", avg_slopes(model, variables="scale_sqft"))
    keep(f"prediction, {choice}", avg_predictions(model))
keep("by group", avg_comparisons(marginal_model(million, homes), variables="large", by="zipcode"))
keep("rows", predictions(marginal_model(line, homes)))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("marginal")
    project = PYPROJECTS["mlmkit"]["project"]
    repository = copy_repository(folder / "repository")
    wanted = [*project["dependencies"], *project["optional-dependencies"]["marginal"]]
    python = environment(folder / "env", "setuptools", *wanted)
    install(python, repository, options=["--no-deps", "--no-build-isolation"])
    done = subprocess.run([python, "-c", SCRIPT], capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def homes():
    homes = load_seattle()
    return homes.assign(large=np.where(homes["bedrooms"] > 3, "yes", "no"))


def delta_method(fit, average):
    """Average and standard error of a function of the fixed effects, by central differences."""
    beta = fit.fixef.to_numpy()
    steps = np.eye(len(beta)) * 1e-5 * np.abs(beta)
    slope = [(average(beta + step) - average(beta - step)) / (2 * step.sum()) for step in steps]
    return average(beta), np.sqrt(np.array(slope) @ fit.vcov.to_numpy() @ slope)


@pytest.mark.slow
def test_the_slopes_of_a_line(found, homes):
    fit = lmer("price ~ scale_sqft * large + (1 + scale_sqft | zipcode)", homes)
    share = (homes["large"] == "yes").mean()
    expected = delta_method(fit, lambda beta: beta[1] + beta[3] * share)
    assert_allclose(
        np.ravel([found["slopes of a line"][key] for key in ("estimate", "std_error")]), expected, rtol=1e-4
    )
    assert_allclose(found["rows"]["estimate"], fit.fitted, rtol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("choice", [None, "zero", "marginal"])
def test_the_comparison_of_a_binary_outcome(found, homes, choice):
    fit = glmer("price > 1e6 ~ scale_sqft + large + (1 | zipcode)", homes)
    own = fit.ranef["zipcode"]["(Intercept)"].loc[homes["zipcode"]].to_numpy()
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    sd = fit.varcorr["zipcode"].sd.iloc[0]

    def probability(beta, large):
        eta = beta[0] + beta[1] * homes["scale_sqft"].to_numpy() + beta[2] * np.asarray(large)
        if choice == "marginal":
            return expit(eta[:, None] + sd * nodes) @ weights / weights.sum()
        return expit(eta + (own if choice is None else 0.0))

    expected = delta_method(fit, lambda beta: np.mean(probability(beta, 1) - probability(beta, 0)))
    got = found[f"comparison, {choice}"]
    assert_allclose([got["estimate"][0], got["std_error"][0]], expected, rtol=2e-4)
    expected = delta_method(fit, lambda beta: np.mean(probability(beta, homes["large"] == "yes")))
    got = found[f"prediction, {choice}"]
    assert_allclose([got["estimate"][0], got["std_error"][0]], expected, rtol=2e-4)


@pytest.mark.slow
def test_comparisons_by_group(found):
    assert len(found["by group"]["estimate"]) == 9


def test_what_marginal_model_refuses(homes):
    fit = lmer("price ~ scale_sqft + (1 | zipcode)", homes)
    with pytest.raises(ValueError, match=r"new_levels is 'error'\. Valid choices: None, 'zero', 'marginal'"):
        marginal_model(fit, homes, new_levels="error")
    with pytest.raises(TypeError, match="takes a fit of lmer or glmer, not RegressionFit"):
        marginal_model(complete_pooling("price ~ scale_sqft", homes), homes)
    with pytest.raises(ValueError, match="Give the 869 rows"):
        marginal_model(fit, homes.head(100))
    with pytest.raises(TypeError, match="data must be a pandas DataFrame"):
        marginal_model(fit, None)


def test_without_the_package_it_says_what_to_install(homes):
    try:
        import marginaleffects  # noqa: F401
    except ModuleNotFoundError:
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'mlmkit\[marginal\]'"):
            marginal_model(lmer("price ~ (1 | zipcode)", homes), homes)
