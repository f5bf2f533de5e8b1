"""Time a peer written in Python; run in a process (and, where needed, an environment) of its own.

Usage: python peer_python.py glmm|statsmodels FILE FORMULA FAMILY REPEATS GROUP_COLUMNS
Prints the fastest time in milliseconds and the deviance.
"""

import os
import sys
import time
import warnings

import pandas as pd

peer, path, formula, family, repeats, groups = sys.argv[1:7]
data = pd.read_csv(path, dtype=dict.fromkeys(groups.split(","), str))
data = data.astype(dict.fromkeys(groups.split(","), "category"))
warnings.simplefilter("ignore")

if peer == "glmm":
    import glmm

    def fit():
        """Fit without the degrees of freedom that nobody else computes here."""
        return glmm.fit(data, formula, family, satterthwaite=False)

else:
    from statsmodels.formula.api import mixedlm

    fixed, bar = formula.split(" + (")
    columns, group = bar.rstrip(")").split(" | ")

    def fit():
        """Fit with statsmodels' defaults."""
        return mixedlm(fixed, data, groups=data[group], re_formula=f"~{columns}").fit(reml=True)


clock = time.process_time if os.environ.get("MLMKIT_BENCH_CLOCK") == "cpu" else time.perf_counter
times = []
for _ in range(int(repeats)):
    start = clock()
    fitted = fit()
    times.append(clock() - start)
loglik = getattr(fitted, "loglik", None) or getattr(fitted, "llf", None)
print(1e3 * min(times), -2 * loglik() if callable(loglik) else -2 * (loglik or float("nan")))
