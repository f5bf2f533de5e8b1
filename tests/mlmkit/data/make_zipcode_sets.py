"""Draw zipcode_sets.txt: 8,192 choices of nine zip codes that make exercises of equal difficulty.

Run it from the repository's root: ``python tests/mlmkit/data/make_zipcode_sets.py`` (some minutes).
Each line is a choice; `zipcodes_for` takes one by a student's user name. A choice has

- three zip codes with fewer than 200 sales, three with up to 350, three with more;
- a varying-intercept fit and a varying-slope fit, by REML and by ML, that converge and are
  not near the boundary: no standard deviation near zero, no correlation near one;
- a small sample, the first ten sales of each zip code, whose fit is not singular either;
- answers that can be told from the common mistakes (see `TOLD_APART`).

A test draws a sample of the lines and checks them again.
"""

import os
from pathlib import Path

import numpy as np

import mlmkit
from mlmkit import lmer
from mlmkit.data import sales

FILE = Path(mlmkit.__file__).with_name("data") / "zipcode_sets.txt"
HOW_MANY = 8192
SEED = 20_140_502
SMALL, LARGE = 200, 350
LARGEST_CORRELATION = 0.97
SMALLEST_THETA = 0.15
# The mean of the houses against the fixed effect; the group sd against the residual sd.
TOLD_APART = 0.025
FEW = 10  # sales per zip code in the small sample of lesson 01


def strata():
    """Return the zip codes in three groups, by their number of sales."""
    sizes = sales._county()["zipcode"].value_counts().sort_index()
    small = sizes.index[sizes < SMALL]
    large = sizes.index[sizes > LARGE]
    medium = sizes.index[(sizes >= SMALL) & (sizes <= LARGE)]
    return [list(small), list(medium), list(large)]


def draw(rng, groups):
    """Draw three zip codes from each stratum."""
    return tuple(sorted(str(zipcode) for group in groups for zipcode in rng.choice(group, 3, replace=False)))


def is_good(zipcodes):
    """Tell whether a choice of zip codes meets the conditions on its fits."""
    homes = sales._with_scale_sqft(sales._houses_in(zipcodes))
    few = lmer("price ~ (1 | zipcode)", homes.groupby("zipcode", observed=True).head(FEW))
    if few.theta.min() < SMALLEST_THETA:
        return False
    for REML in (True, False):
        plain = lmer("price ~ (1 | zipcode)", homes, REML=REML)
        slopes = lmer("price ~ scale_sqft + (1 + scale_sqft | zipcode)", homes, REML=REML)
        if not (plain.converged and slopes.converged):
            return False
        sds = np.asarray(slopes.varcorr["zipcode"].sd) / slopes.sigma
        if abs(slopes.varcorr["zipcode"].corr.iloc[0, 1]) > LARGEST_CORRELATION or sds.min() < SMALLEST_THETA:
            return False
        centre, spread = plain.fixef["(Intercept)"], plain.varcorr["zipcode"].sd["(Intercept)"]
        if abs(homes["price"].mean() / centre - 1) < TOLD_APART or abs(spread / plain.sigma - 1) < TOLD_APART:
            return False
    return True


def choices():
    """Return the choices, each once, in the order in which they were drawn."""
    rng, groups, found = np.random.default_rng(SEED), strata(), {}
    while len(found) < HOW_MANY:
        zipcodes = draw(rng, groups)
        if zipcodes not in found and is_good(zipcodes):
            found[zipcodes] = None
    return list(found)


def write(sets, path=FILE):
    """Write one choice a line, without the leading 98 that all zip codes share."""
    temporary = path.with_suffix(".tmp")
    temporary.write_text("".join(" ".join(code[2:] for code in zipcodes) + "\n" for zipcodes in sets))
    os.replace(temporary, path)


if __name__ == "__main__":
    write(choices())
    print(f"wrote {FILE.name}: {HOW_MANY} choices")
