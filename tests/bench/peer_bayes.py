"""Time one way to a posterior, in a process of its own.

Usage: python peer_bayes.py exact|nuts|pymc|bambi gaussian|logistic FILE
Prints JSON: CPU seconds for imports, for the first posterior and for a second one (of other data: resampled
rows; not for the logistic model), wall seconds of the first, and the smallest effective sample size of all
parameters.
"""

import json
import sys
import time

start = time.process_time()

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

way, kind, path = sys.argv[1:4]
data = pd.read_csv(path, dtype={"zipcode": str})
if way in ("exact", "nuts"):
    from mlmkit import stan_glmer

    if way == "nuts":
        import nutpie
elif way == "pymc":
    import nutpie
    import pymc as pm
else:
    import bambi


def ours(frame):
    """Fit by mlmkit; return the smallest effective sample size."""
    if kind == "logistic":
        fit = stan_glmer("price > 1e6 ~ scale_sqft + (1 | zipcode)", frame, family="binomial", seed=1)
    else:
        fit = stan_glmer("price ~ (1 | zipcode)", frame, method=way, seed=1, progress=False)
    if fit.method == "exact":
        return fit.diagnostics().report["importance_ess"]
    return smallest(fit.draws.to_numpy().reshape(4, -1, fit.draws.shape[1]))


def by_hand(frame):
    """Fit the same model as one would write it for PyMC and nutpie: each group has its own intercept."""
    codes, groups = pd.factorize(frame["zipcode"])
    y, s = frame["price"].to_numpy(), frame["price"].std()
    with pm.Model() as model:
        tau = pm.Exponential("tau", scale=1.0)
        if kind == "logistic":
            x = frame["scale_sqft"].to_numpy() - frame["scale_sqft"].mean()
            mean, slope = pm.Normal("mean", 0, 2.5), pm.Normal("slope", 0, 2.5 / x.std())
            own = pm.Normal("own", mean, tau, shape=len(groups))
            pm.Bernoulli("dear", logit_p=own[codes] + slope * x, observed=(y > 1e6).astype(int))
        else:
            mean, sigma = pm.Normal("mean", y.mean(), 2.5 * s), pm.Exponential("sigma", scale=s)
            own = pm.Normal("own", mean, tau * sigma, shape=len(groups))
            pm.Normal("price", own[codes], sigma, observed=y)
    tree = nutpie.sample(nutpie.compile_pymc_model(model), chains=4, draws=1000, seed=1, progress_bar=False)
    return smallest_of(tree["posterior"], [variable.name for variable in model.free_RVs])


def by_bambi(frame):
    """Fit by bambi with its own defaults, and with nutpie as its sampler."""
    model = bambi.Model("price ~ (1|zipcode)", frame)
    tree = model.fit(draws=1000, chains=4, random_seed=1, inference_method="nutpie", progressbar=False)
    return smallest_of(tree["posterior"], list(tree["posterior"].data_vars))


def smallest_of(posterior, names):
    """Return the smallest effective sample size among some variables of a posterior."""
    return smallest(np.concatenate([posterior[n].to_numpy().reshape(4, 1000, -1) for n in names], axis=2))


def smallest(values):
    """Return the smallest bulk ESS of draws with shape (chains, draws, parameters)."""
    from arviz_stats.base import array_stats

    return float(array_stats.ess(values, chain_axis=0, draw_axis=1, method="bulk").min())


fit = {"exact": ours, "nuts": ours, "pymc": by_hand, "bambi": by_bambi}[way]
imported, wall = time.process_time(), time.perf_counter()
ess = fit(data)
first, wall = time.process_time(), time.perf_counter() - wall
found = {"import": imported - start, "first": first - imported, "wall": wall, "ess": ess, "second": np.nan}
if kind == "gaussian":
    fit(data.sample(frac=1.0, replace=True, random_state=1))
    found["second"] = time.process_time() - first
print(json.dumps(found))
