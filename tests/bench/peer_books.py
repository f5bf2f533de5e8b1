"""Time one way to the posterior of one of the books' models, in a process of its own.

Usage: python peer_books.py exact|nuts|pymc|bambi pastes|penicillin|machines|schools|large
Prints JSON: CPU seconds for imports and for the posterior, and the smallest bulk effective sample size of all
parameters. (rstanarm: peer_books.R.)
"""

import json
import sys
import time
from pathlib import Path

start = time.process_time()

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

REFERENCE = Path(__file__).parents[1] / "reference"
MODELS = {
    "pastes": ("strength ~ (1 | batch) + (1 | sample)", "Pastes"),
    "penicillin": ("diameter ~ (1 | plate) + (1 | sample)", "Penicillin"),
    "machines": ("score ~ Machine + (1 | Worker) + (1 | Worker:Machine)", "Machines"),
    "schools": ("y ~ (1 | school)", None),
    "large": ("y ~ (1 | s) + (1 | d)", None),
}
way, name = sys.argv[1:3]
formula, table = MODELS[name]


def data():
    """Read or make the table; `large` is like InstEval: 10,000 ratings by 1,500 students."""
    if table:
        frame = pd.read_csv(REFERENCE / f"{table}.csv")
        return (
            frame.assign(wm=frame["Worker"].astype(str) + frame["Machine"]) if name == "machines" else frame
        )
    if name == "schools":
        return pd.DataFrame(json.loads((REFERENCE / "eight_schools.json").read_text())["data"])
    rng, n = np.random.default_rng(0), 10_000
    s, d = rng.integers(0, 1_500, n), rng.integers(0, 250, n)
    y = 3.2 + rng.normal(0, 0.3, 1_500)[s] + rng.normal(0, 0.5, 250)[d] + rng.normal(0, 1.2, n)
    return pd.DataFrame({"y": y, "s": s.astype(str), "d": d.astype(str)})


frame = data()
if way in ("exact", "nuts"):
    from mlmkit import cauchy, normal, stan_lmer
elif way == "pymc":
    import nutpie
    import pymc as pm
else:
    import bambi


def ours():
    """Fit by mlmkit."""
    more = {}
    if name == "schools":
        more = {"sigma": "se", "prior_intercept": normal(0, 5), "prior_covariance": cauchy(0, 5)}
    fit = stan_lmer(formula, frame, method=way, seed=1, progress=False, **more)
    if fit.method == "exact":
        return fit.diagnostics().report["importance_ess"]
    return smallest(fit.draws.to_numpy().reshape(4, -1, fit.draws.shape[1]))


def by_hand():
    """Fit the same model as one would write it for PyMC: effects are non-centred."""
    groups = {"pastes": ["batch", "sample"], "penicillin": ["plate", "sample"], "machines": ["Worker", "wm"]}
    columns = groups.get(name, ["school"] if name == "schools" else ["s", "d"])
    outcome = formula.split(" ~ ")[0]
    y = frame[outcome].to_numpy()
    with pm.Model() as model:
        if name == "schools":
            sigma, eta, between = frame["se"].to_numpy(), pm.Normal("mean", 0, 5), pm.HalfCauchy("tau", 5)
        else:
            sigma = pm.Exponential("sigma", scale=y.std())
            eta = pm.Normal("mean", y.mean(), 2.5 * y.std())
        if name == "machines":
            for letter in "BC":
                x = (frame["Machine"] == letter).to_numpy().astype(float)
                eta = eta + pm.Normal(f"slope {letter}", 0, 2.5 * y.std() / x.std()) * (x - x.mean())
        for column in columns:
            codes, levels = pd.factorize(frame[column])
            sd = between if name == "schools" else pm.Exponential(f"tau {column}", 1.0) * sigma
            standard = pm.Normal(f"standard {column}", 0, 1, shape=len(levels))
            eta = eta + pm.Deterministic(f"effect {column}", sd * standard)[codes]
        pm.Normal("outcome", eta, sigma, observed=y)
    tree = nutpie.sample(nutpie.compile_pymc_model(model), chains=4, draws=1000, seed=1, progress_bar=False)
    return smallest_of(tree["posterior"])


def by_bambi():
    """Fit by bambi with its own defaults, and with nutpie as its sampler."""
    model = bambi.Model(formula.replace("Worker:Machine", "wm").replace(" | ", "|"), frame)
    tree = model.fit(draws=1000, chains=4, random_seed=1, inference_method="nutpie", progressbar=False)
    return smallest_of(tree["posterior"])


def smallest_of(posterior):
    """Return the smallest effective sample size of all variables."""
    names = [n for n in posterior.data_vars if not n.startswith("standard")]
    return smallest(np.concatenate([posterior[n].to_numpy().reshape(4, 1000, -1) for n in names], axis=2))


def smallest(values):
    """Return the smallest bulk ESS of draws with shape (chains, draws, parameters)."""
    from arviz_stats.base import array_stats

    return float(np.nanmin(array_stats.ess(values, chain_axis=0, draw_axis=1, method="bulk")))


imported = time.process_time()
ess = {"exact": ours, "nuts": ours, "pymc": by_hand, "bambi": by_bambi}[way]()
print(json.dumps({"import": imported - start, "first": time.process_time() - imported, "ess": ess}))
