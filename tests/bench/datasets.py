"""The data that the benchmarks fit; every peer reads the same file."""

import numpy as np
import pandas as pd

from mlmkit import load_king_county, load_seattle

SLOPE = "price ~ scale_sqft + (1 + scale_sqft | zipcode)"
SIMULATED = "y ~ x + (1 + x | g)"


def varying_slopes(rows, seed=1):
    """Simulate rows in rows / 100 groups, each with its own intercept and slope."""
    rng = np.random.default_rng(seed)
    groups = rows // 100
    g, x = rng.integers(0, groups, rows), rng.normal(size=rows)
    effects = rng.normal(size=(groups, 2)) @ np.array([[1.0, 0.3], [0.0, 0.5]])
    y = 2 + x + effects[g, 0] + effects[g, 1] * x + rng.normal(size=rows)
    return pd.DataFrame({"y": y, "x": x, "g": pd.Categorical(g.astype(str))})


def ratings(seed=2):
    """Simulate 73,421 ratings of 1,128 lecturers by 2,972 students, the sizes of lme4's InstEval."""
    rng = np.random.default_rng(seed)
    n = 73_421
    s, d = rng.integers(0, 2972, n), (1128 * rng.beta(0.8, 1.6, n)).astype(int)
    y = 3.3 + 0.33 * rng.normal(size=2972)[s] + 0.52 * rng.normal(size=1128)[d] + 1.18 * rng.normal(size=n)
    frame = pd.DataFrame({"y": y, "s": s.astype(str), "d": d.astype(str)})
    return frame.astype({"s": "category", "d": "category"})


def million_dollar_homes():
    """Return the county's sales with a binary outcome: price above one million dollars."""
    homes = load_king_county()
    return homes.assign(dear=(homes["price"] > 1e6).astype(float))


# name -> (data, formula, family)
TASKS = {
    "869": (load_seattle, SLOPE, "gaussian"),
    "21,613": (load_king_county, SLOPE, "gaussian"),
    "1e4": (lambda: varying_slopes(10_000), SIMULATED, "gaussian"),
    "1e5": (lambda: varying_slopes(100_000), SIMULATED, "gaussian"),
    "1e6": (lambda: varying_slopes(1_000_000), SIMULATED, "gaussian"),
    "binary 21,613": (million_dollar_homes, "dear ~ scale_sqft + (1 | zipcode)", "binomial"),
    "crossed 73,421": (ratings, "y ~ 1 + (1 | s) + (1 | d)", "gaussian"),
}
