"""Draw county_sets.txt: 1,024 choices of twenty of Minnesota's counties, for `counties_for`.

Run it from the repository's root: ``python tests/mlmkit/data/make_county_sets.py``. A choice has

- five counties with one to three houses, eight with four to nine, five with ten to 25, two with more;
- fits by REML and by ML, with the floor as a predictor and without, that converge and are not singular;
- houses that were measured on the first floor.

A test draws a sample of the lines and checks them again. With `log_uranium` as a predictor little is left to
vary between counties: such fits may be singular.
"""

import os
from pathlib import Path

import numpy as np

import mlmkit
from mlmkit import lmer, load_radon
from mlmkit.data.radon import houses_in

FILE = Path(mlmkit.__file__).with_name("data") / "county_sets.txt"
HOW_MANY = 1024
SEED = 19_870_301
STRATA = {(1, 3): 5, (4, 9): 8, (10, 25): 5, (26, 999): 2}  # number of houses: number of counties
SMALLEST_THETA = 0.15


def strata():
    """Return the counties in four groups by their number of houses, each with how many are drawn."""
    sizes = load_radon()["county"].value_counts().sort_index()
    return [
        (list(sizes.index[(least <= sizes) & (sizes <= most)]), many)
        for (least, most), many in STRATA.items()
    ]


def is_good(counties):
    """Tell whether a choice of counties meets the conditions on its fits."""
    houses = houses_in(counties)
    if houses["floor"].sum() < 10:
        return False
    for formula in ("log_radon ~ (1 | county)", "log_radon ~ floor + (1 | county)"):
        for REML in (True, False):
            fit = lmer(formula, houses, REML=REML)
            if not fit.converged or fit.theta.min() < SMALLEST_THETA:
                return False
    return True


def choices(how_many=HOW_MANY):
    """Return the choices, each once, in the order in which they were drawn."""
    rng, groups, found = np.random.default_rng(SEED), strata(), {}
    while len(found) < how_many:
        drawn = [str(one) for names, many in groups for one in rng.choice(names, many, replace=False)]
        counties = tuple(sorted(drawn))
        if counties not in found and is_good(counties):
            found[counties] = None
    return list(found)


if __name__ == "__main__":
    temporary = FILE.with_suffix(".tmp")
    temporary.write_text("".join(f"{' '.join(counties)}\n" for counties in choices()))
    os.replace(temporary, FILE)
    print(f"wrote {FILE.name}: {FILE.stat().st_size / 1e3:.0f} kB")
