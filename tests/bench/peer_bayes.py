"""Time one way to the posterior of ``price ~ (1 | zipcode)``, in a process of its own.

Usage: python peer_bayes.py exact|nuts|pymc|bambi FILE
Prints JSON: CPU seconds for imports, for the first posterior and for a second one (of other data), wall
seconds of the first, and the smallest effective sample size of intercept, group effects, sigma and group sd.
"""

import json
import sys
import time

start = time.process_time()

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

way, path = sys.argv[1:3]
data = pd.read_csv(path, dtype={"zipcode": str})
other = data.sample(frac=1.0, replace=True, random_state=1)
FORMULA = "price ~ (1 | zipcode)"

if way in ("exact", "nuts"):
    from mlmkit import stan_glmer

    if way == "nuts":
        import nutpie
        import pymc  # noqa: F401
elif way == "pymc":
    import nutpie
    import pymc as pm
else:
    import bambi


def ours(frame):
    """Fit by mlmkit; return the smallest effective sample size."""
    fit = stan_glmer(FORMULA, frame, method=way, seed=1, progress=False)
    if way == "exact":
        return fit._posterior.report["importance_ess"]
    return smallest(fit.draws.to_numpy().reshape(4, -1, fit.draws.shape[1]))


def by_hand(frame):
    """Fit the same model as one would write it for PyMC and nutpie: each group has its own mean."""
    codes, groups = pd.factorize(frame["zipcode"])
    y, s = frame["price"].to_numpy(), frame["price"].std()
    with pm.Model() as model:
        mean = pm.Normal("mean", y.mean(), 2.5 * s)
        sigma = pm.Exponential("sigma", scale=s)
        tau = pm.Exponential("tau", scale=1.0)
        own = pm.Normal("own", mean, tau * sigma, shape=len(groups))
        pm.Normal("price", own[codes], sigma, observed=y)
    tree = nutpie.sample(nutpie.compile_pymc_model(model), chains=4, draws=1000, seed=1, progress_bar=False)
    post = tree["posterior"]
    columns = [
        post["mean"].to_numpy()[..., None],
        post["sigma"].to_numpy()[..., None],
        post["own"].to_numpy(),
    ]
    return smallest(np.concatenate([*columns, post["tau"].to_numpy()[..., None]], axis=2))


def by_bambi(frame):
    """Fit by bambi with its own defaults, and with nutpie as its sampler."""
    model = bambi.Model("price ~ (1|zipcode)", frame)
    tree = model.fit(draws=1000, chains=4, random_seed=1, inference_method="nutpie", progressbar=False)
    post = tree["posterior"]
    columns = [post[name].to_numpy().reshape(4, 1000, -1) for name in post.data_vars]
    return smallest(np.concatenate(columns, axis=2))


def smallest(values):
    """Return the smallest bulk ESS of draws with shape (chains, draws, parameters)."""
    from arviz_stats.base import array_stats

    return float(array_stats.ess(values, chain_axis=0, draw_axis=1, method="bulk").min())


fit = {"exact": ours, "nuts": ours, "pymc": by_hand, "bambi": by_bambi}[way]
imported, wall = time.process_time(), time.perf_counter()
ess = fit(data)
first, wall = time.process_time(), time.perf_counter() - wall
fit(other)
second = time.process_time()
found = {
    "import": imported - start,
    "first": first - imported,
    "second": second - first,
    "wall": wall,
    "ess": ess,
}
print(json.dumps(found))
