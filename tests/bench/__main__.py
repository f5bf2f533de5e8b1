"""Benchmarks: how long a fit takes, beside statsmodels, glmm and lme4, in the same run.

    python -m tests.bench                 everything but the peers' slowest cases
    python -m tests.bench 869 1e5         some tasks
    python -m tests.bench --all           statsmodels at 1e5 rows too (a minute)

Peers run in processes of their own; their start and their reading of the data don't count.
Elapsed time, or processor time with MLMKIT_BENCH_CLOCK=cpu (for a machine that does other work too;
set OPENBLAS_NUM_THREADS=1 with it, since threads that wait count). MLMKIT_BENCH_PYTHON names
a Python that has ``glmm`` (0.6) and pandas; without it glmm is skipped.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd

from mlmkit import glmer, lmer
from mlmkit.engine import kernels
from mlmkit.engine.onefactor import group_sums
from mlmkit.fits.lmer import fit_design
from mlmkit.frame.design import design
from tests.bench.datasets import TASKS

HERE = Path(__file__).parent
CPU = os.environ.get("MLMKIT_BENCH_CLOCK") == "cpu"
clock = time.process_time if CPU else time.perf_counter
SLOW = {("statsmodels", "1e5"), ("statsmodels", "1e6")}


def fastest(function, seconds=2.0, at_least=3):
    """Run a function for about some seconds; return its fastest time in milliseconds."""
    times, end = [], clock() + seconds
    while len(times) < at_least or (clock() < end and len(times) < 300):
        start = clock()
        function()
        times.append(clock() - start)
    return 1e3 * min(times)


def our_fit(data, formula, family):
    """Fit and ask for estimates, standard errors and random effects, as tables with labels."""
    fit = lmer(formula, data) if family == "gaussian" else glmer(formula, data, family=family)
    return fit.fixef, fit.se_fixef, fit.ranef, fit


def numbers(fit):
    """Ask a fit for the same numbers as arrays, as glmm returns them."""
    return fit.solution.beta, np.sqrt(np.diagonal(fit.solution.vcov)), fit.solution.modes


def ours(data, formula, family):
    """Time mlmkit in three ways, and the floor; return the times and the deviance."""
    nothing = {"without tables": np.nan, "arrays, no formula": np.nan, "floor": np.nan}
    with kernels.only(compiled=False):
        times = nothing | {"mlmkit, NumPy only": fastest(lambda: our_fit(data, formula, family))}
    with kernels.only(compiled=True):
        fit = our_fit(data, formula, family)[-1]
        times["mlmkit"] = fastest(lambda: our_fit(data, formula, family))
        if family == "gaussian":
            model = design(formula, data)
            times["without tables"] = fastest(lambda: numbers(lmer(formula, data)))
            times["arrays, no formula"] = fastest(lambda: numbers(fit_design(model)))
        if family == "gaussian" and len(fit.ngrps) == 1:
            factor, scaled, theta = fit.design.factors[0], fit.solution.scaled, fit.solution.optimum.theta
            sums = scaled, factor.codes, scaled.z[0], len(factor.levels)
            times["floor"] = fastest(lambda: group_sums(*sums), 0.5) + 4 * fastest(
                lambda: fit.solution.problem(theta), 0.2
            )
    return times, fit.criterion


def memory_ratio(data, formula):
    """Return the peak memory of a fit, the data frame's own included, in units of its size."""
    size = data.memory_usage(deep=False).sum()
    lmer(formula, data)
    tracemalloc.start()
    lmer(formula, data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return 1 + peak / size


def peer(name, task, path, formula, family, groups):
    """Time a peer; return (milliseconds, deviance), or None where it isn't there or would take too long."""
    slow = task in ("1e6", "crossed 73,421")
    repeats = "1" if slow else "2" if name != "glmm" else "20"
    if name == "lme4":
        command = [shutil.which("Rscript"), HERE / "peer_lme4.R", path, formula, family, repeats, groups]
    elif name == "glmm":
        python = os.environ.get("MLMKIT_BENCH_PYTHON")
        command = [python, HERE / "peer_python.py", name, path, formula, family, repeats, groups]
    else:
        if (name, task) in SLOW and "--all" not in sys.argv:
            return None
        if family != "gaussian" or "crossed" in task:
            return None
        command = [sys.executable, HERE / "peer_python.py", name, path, formula, family, "1", groups]
    if not command[0]:
        return None
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  {name} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    milliseconds, deviance = done.stdout.split()[-2:]
    return float(milliseconds), float(deviance)


def first_call():
    """Time import and first fit in a fresh process, in seconds."""
    code = (
        "import time; a = time.perf_counter(); import pandas; b = time.perf_counter();"
        "from mlmkit import lmer, load_seattle; d = load_seattle(); c = time.perf_counter();"
        "lmer('price ~ scale_sqft + (1 + scale_sqft | zipcode)', d); e = time.perf_counter();"
        "print(b - a, c - b, e - c)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(text) for text in done.stdout.split()]


def main():
    """Run the tasks and print the table."""
    chosen = [name for name in sys.argv[1:] if name in TASKS] or list(TASKS)
    columns = ["mlmkit", "without tables", "mlmkit, NumPy only", "arrays, no formula", "floor"]
    columns += ["glmm", "lme4", "statsmodels"]
    print("Milliseconds from a data frame and a formula to estimates (fastest run):\n")
    print("| rows | " + " | ".join(columns) + " | deviance: mlmkit, glmm, lme4 |")
    print("| --- " * (len(columns) + 2) + "|")
    for task in chosen:
        make, formula, family = TASKS[task]
        data = make()
        groups = [name for name in data if str(data[name].dtype) == "category" and name in formula]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "data.csv"
            needed = [name for name in data if name in formula]
            data[needed].to_csv(path, index=False)
            data = pd.read_csv(path, dtype=dict.fromkeys(groups, str)).astype(
                dict.fromkeys(groups, "category")
            )
            times, deviance = ours(data, formula, family)
            deviances = [deviance]
            for name in ("glmm", "lme4", "statsmodels"):
                found = peer(name, task, path, formula, family, ",".join(groups))
                times[name] = found[0] if found else np.nan
                if name != "statsmodels":
                    deviances.append(found[1] if found else np.nan)
        cells = ["" if np.isnan(times[name]) else f"{times[name]:,.3g}" for name in columns]
        shown = ", ".join("–" if np.isnan(value) else f"{value:.4f}" for value in deviances)
        print(f"| {task} | " + " | ".join(cells) + f" | {shown} |", flush=True)
        if task == "1e6":
            ratio = memory_ratio(data, formula)
            print(f"\nPeak memory at 1e6 rows: {ratio:.2f} times the data frame's.\n", flush=True)
    base, package, fit = first_call()
    print(
        f"\nFresh process: pandas {base:.2f} s, mlmkit and the data {package:.2f} s more, "
        f"first fit {1e3 * fit:.0f} ms."
    )


if __name__ == "__main__":
    main()
