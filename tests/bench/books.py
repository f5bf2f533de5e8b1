"""Benchmark of Gaussian models with several grouping factors: effective draws for a second of CPU.

    python -m tests.bench.books            about five minutes

MLMKIT_BENCH_BAMBI names a Python that has bambi and nutpie; without it, and without R, those are skipped.
Every way runs in a process of its own.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = {
    "exact": "mlmkit, exact",
    "nuts": "mlmkit, NUTS",
    "pymc": "PyMC and nutpie by hand",
    "bambi": "bambi with nutpie",
    "rstanarm": "rstanarm",
}
WAYS = {
    "pastes": list(NAMES),
    "penicillin": list(NAMES),
    "machines": list(NAMES),
    "schools": ["exact", "pymc"],
    "large": ["exact", "pymc", "bambi"],
}


def measure(way, name):
    """Run one way in a fresh process; return its figures, or None where its package isn't there."""
    python = os.environ.get("MLMKIT_BENCH_BAMBI") if way == "bambi" else sys.executable
    command = [python, str(HERE / "peer_books.py"), way, name]
    if way == "rstanarm":
        command = [shutil.which("Rscript"), str(HERE / "peer_books.R"), name, str(HERE.parent / "reference")]
    if not command[0]:
        return None
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"  {way} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Print the table."""
    print("| model | | import | posterior | smallest ESS | ESS a second |\n| --- " + "| --- " * 5 + "|")
    for name, ways in WAYS.items():
        for way in ways:
            if (found := measure(way, name)) is not None:
                rate = found["ess"] / found["first"]
                print(
                    f"| {name} | {NAMES[way]} | {found['import']:.1f} | {found['first']:.2f} "
                    f"| {found['ess']:,.0f} | {rate:,.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
