"""Benchmarks of Bayesian fits: time to the first posterior, and effective draws for a second of CPU.

    python -m tests.bench.bayes            about five minutes

Every way runs in a process of its own. MLMKIT_BENCH_BAMBI names a Python that has bambi (0.21) and nutpie;
without it bambi is skipped. CPU seconds count both cores; OPENBLAS_NUM_THREADS=1 keeps waiting threads out.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mlmkit import load_king_county, load_seattle, stan_lmer
from mlmkit.bayes.model import build_model

HERE = Path(__file__).parent
NAMES = {
    "exact": "mlmkit, exact",
    "nuts": "mlmkit, NUTS",
    "pymc": "PyMC and nutpie by hand",
    "bambi": "bambi with nutpie",
}
HEAD = [
    "",
    "import",
    "first posterior",
    "both",
    "second, other data",
    "smallest ESS",
    "ESS a second after import",
]


def measure(way, kind, path):
    """Run one way in a fresh process; return its figures, or None where its package isn't there."""
    python = os.environ.get("MLMKIT_BENCH_BAMBI") if way == "bambi" else sys.executable
    if not python:
        return None
    command = [python, str(HERE / "peer_bayes.py"), way, kind, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  {way} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def ways(kind, chosen, path):
    """Print a table of the chosen ways; return the figures of each."""
    print("| " + " | ".join(HEAD) + " |\n" + "| --- " * len(HEAD) + "|")
    figures = {}
    for way in chosen:
        found = measure(way, kind, path)
        if found is None:
            continue
        figures[way] = found
        found["rate"] = found["ess"] / found["first"]
        times = [found["import"], found["first"], found["import"] + found["first"], found["second"]]
        cells = ["" if np.isnan(one) else f"{one:.2f}" for one in times]
        print(
            f"| {NAMES[way]} | {' | '.join(cells)} | {found['ess']:,.0f} | {found['rate']:,.0f} |", flush=True
        )
    return figures


def grouped(groups, rows, seed=0):
    """Make data with varying intercepts and slopes."""
    rng = np.random.default_rng(seed)
    codes, x = rng.integers(0, groups, rows), rng.normal(size=rows)
    effects = rng.normal(size=(groups, 2)) * [0.5, 0.3]
    y = 1 + 2 * x + effects[codes, 0] + effects[codes, 1] * x + rng.normal(size=rows)
    g = pd.Categorical.from_codes(codes, [f"g{k:04d}" for k in range(groups)])
    return pd.DataFrame({"y": y, "x": x, "g": g})


def seconds(function):
    """Time a call in CPU seconds: the faster of two."""
    times = []
    for _ in range(2):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def sizes():
    """Print how exact draws depend on rows and groups; return the times by (groups, rows, formula)."""
    print("| rows | groups | y ~ x + (1 \\| g) | y ~ x + (1 + x \\| g) | of it one pass over the rows |")
    print("| --- | --- | --- | --- | --- |")
    given = dict.fromkeys(["prior", "prior_intercept", "prior_aux", "prior_covariance"])
    found, one, two = {}, "y ~ x + (1 | g)", "y ~ x + (1 + x | g)"
    for groups, rows in ((9, 869), (9, 1_000_000), (1_000, 20_000)):
        data = grouped(groups, rows)
        times = [seconds(lambda f=f, d=data: stan_lmer(f, d, seed=1)) for f in (one, two)]
        times.append(seconds(lambda d=data: build_model(two, d, "gaussian", given, function="stan_lmer")))
        found[groups, rows] = times
        print(f"| {rows:,} | {groups:,} | " + " | ".join(f"{t:.2f}" for t in times) + " |", flush=True)
    return found


def claim(text, holds, figures):
    """Print whether a promise holds."""
    print(f"| {text} | {figures} | {'yes' if holds else 'NO'} |")


def main():
    """Print the tables, and whether each promise holds."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "seattle.csv", Path(folder) / "county.csv"
        load_seattle().to_csv(small, index=False)
        load_king_county().to_csv(large, index=False)
        print("Posterior of price ~ (1 | zipcode), 869 rows, 4 x 1,000 draws; seconds of CPU:\n")
        linear = ways("gaussian", NAMES, small)
        print("\nPosterior of price > 1e6 ~ scale_sqft + (1 | zipcode), binomial, 21,613 rows:\n")
        logistic = ways("logistic", ["nuts", "pymc"], large)
    print("\nExact draws, 4 x 1,000, seconds of CPU from data frame to fit:\n")
    times = sizes()
    print("\n| promise | measured | holds |\n| --- | --- | --- |")
    exact, nuts, hand = linear["exact"], linear["nuts"], linear["pymc"]
    total = exact["import"] + exact["first"]
    claim("import to first posterior in under 2 s", total < 2, f"{total:.2f} s")
    if "bambi" in linear:
        ratio = exact["rate"] / linear["bambi"]["rate"]
        claim("100 times bambi's effective draws a second", ratio >= 100, f"{ratio:,.0f} times")
    few, many, crowd = times[9, 869], times[9, 1_000_000], times[1_000, 20_000]
    more = many[1] - many[2] - few[1] + few[2]
    claim("1e6 rows: the same time plus one pass", more < 0.1, f"{more:+.2f} s besides the pass")
    claim("1,000 groups with two terms in under 3 s", crowd[1] < 3, f"{crowd[1]:.2f} s")
    first, other = nuts["first"], hand["first"]
    claim("NUTS, first fit: no slower than by hand", first <= other, f"{first:.2f} s against {other:.2f} s")
    claim("NUTS, second fit compiles nothing", nuts["second"] < 1.5, f"{nuts['second']:.2f} s")
    first, other = logistic["nuts"]["first"], logistic["pymc"]["first"]
    claim("logistic, 21,613 rows: no slower", first <= other, f"{first:.0f} s against {other:.0f} s")


if __name__ == "__main__":
    main()
