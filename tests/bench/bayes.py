"""Benchmarks of Bayesian fits: time to the first posterior, and effective draws for a second of CPU.

    python -m tests.bench.bayes

Every way runs in a process of its own. MLMKIT_BENCH_BAMBI names a Python that has bambi (0.21) and nutpie;
without it bambi is skipped. CPU seconds count both cores.
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

from mlmkit import load_seattle, stan_lmer

HERE = Path(__file__).parent
WAYS = {
    "mlmkit, exact": "exact",
    "mlmkit, NUTS": "nuts",
    "PyMC and nutpie by hand": "pymc",
    "bambi with nutpie": "bambi",
}


def measure(way, path):
    """Run one way in a fresh process; return its figures, or None where its package isn't there."""
    python = os.environ.get("MLMKIT_BENCH_BAMBI") if way == "bambi" else sys.executable
    if not python:
        return None
    command = [python, str(HERE / "peer_bayes.py"), way, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  {way} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def grouped(groups, rows, seed=0):
    """Make data with varying intercepts and slopes."""
    rng = np.random.default_rng(seed)
    codes, x = rng.integers(0, groups, rows), rng.normal(size=rows)
    effects = rng.normal(size=(groups, 2)) * [0.5, 0.3]
    y = 1 + 2 * x + effects[codes, 0] + effects[codes, 1] * x + rng.normal(size=rows)
    g = pd.Categorical.from_codes(codes, [f"g{k:04d}" for k in range(groups)])
    return pd.DataFrame({"y": y, "x": x, "g": g})


def main():
    """Print both tables."""
    print("Posterior of price ~ (1 | zipcode), 869 rows, 4 x 1,000 draws; seconds of CPU:\n")
    print("| | import | first posterior | second, other data | smallest ESS | ESS a second after import |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seattle.csv"
        load_seattle().to_csv(path, index=False)
        for name, way in WAYS.items():
            found = measure(way, path)
            if found:
                cells = [f"{found[key]:.2f}" for key in ("import", "first", "second")]
                rate = found["ess"] / found["first"]
                print(f"| {name} | {' | '.join(cells)} | {found['ess']:,.0f} | {rate:,.0f} |", flush=True)
    print("\nExact draws, 4 x 1,000, seconds of CPU from data frame to fit:\n")
    print("| rows | groups | y ~ x + (1 \\| g) | y ~ x + (1 + x \\| g) |")
    print("| --- | --- | --- | --- |")
    for groups, rows in ((9, 869), (9, 1_000_000), (1_000, 20_000)):
        data = grouped(groups, rows)
        times = []
        for formula in ("y ~ x + (1 | g)", "y ~ x + (1 + x | g)"):
            start = time.process_time()
            stan_lmer(formula, data, seed=1)
            times.append(time.process_time() - start)
        print(f"| {rows:,} | {groups:,} | {times[0]:.2f} | {times[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
