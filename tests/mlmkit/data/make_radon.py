"""Make radon.csv.gz from R's package rstanarm (data set ``radon``).

Run it from the repository's root: ``python tests/mlmkit/data/make_radon.py``. A test makes the table again,
where R and rstanarm are installed, and compares it with the file.
"""

import io
import runpy
import subprocess
from pathlib import Path

import pandas as pd

import mlmkit

FILE = Path(mlmkit.__file__).with_name("data") / "radon.csv.gz"
IN_R = """
data(radon, package = "rstanarm")
numbers <- c("log_radon", "log_uranium")
radon[numbers] <- lapply(radon[numbers], function(x) trimws(format(x, digits = 17)))
write.csv(radon[c("county", "floor", numbers)], row.names = FALSE, quote = FALSE)
"""


def radon():
    """Return the 919 houses in the source's order, with every digit."""
    run = subprocess.run(["Rscript", "--vanilla", "-e", IN_R], capture_output=True, text=True, check=True)
    return pd.read_csv(io.StringIO(run.stdout))


if __name__ == "__main__":
    write = runpy.run_path(str(Path(__file__).with_name("make_county.py")))["write"]
    write(radon(), FILE)
    print(f"wrote {FILE.name}: {FILE.stat().st_size / 1e3:.0f} kB")
