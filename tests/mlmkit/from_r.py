"""Reference fits from R and the data they were made from."""

import json
from functools import cache
from pathlib import Path

import pandas as pd
from scipy.stats import binom, poisson

from mlmkit import load_king_county, load_seattle

REFERENCE = Path(__file__).parents[1] / "reference"


@cache
def reference():
    return json.loads((REFERENCE / "lme4.json").read_text())


@cache
def data_for(name):
    """Load the data of a reference model; ``name`` such as ``seattle_int_REML``."""
    kind = name.split("_")[0]
    if kind == "seattle":
        return load_seattle()
    if kind == "kc":
        return load_king_county()
    text = {"Subject": str, "plate": str, "sample": str, "batch": str, "cask": str, "period": str}
    frame = pd.read_csv(REFERENCE / f"{kind}.csv", dtype=text)
    if kind == "cbpp":
        frame["herd"] = pd.Categorical(frame["herd"].astype(str), [str(i) for i in range(1, 16)])
    return frame


def left_out_by_lme4(fit):
    """Return what lme4 before 2.1 left out of minus twice the log-likelihood where ``nAGQ`` is above 1."""
    if getattr(fit, "nAGQ", 1) == 1:
        return 0.0
    y, trials = fit.design.y, fit.solution.problem.trials
    saturated = poisson.logpmf(y, y) if fit.family == "poisson" else binom.logpmf(y, trials, y / trials)
    return -2 * saturated.sum()
