"""Reference fits from R and the data they were made from."""

import json
from functools import cache
from pathlib import Path

import pandas as pd

from mlmkit import load_king_county, load_seattle

REFERENCE = Path(__file__).parents[1] / "reference"


@cache
def reference():
    return json.loads((REFERENCE / "lme4.json").read_text())


@cache
def data_for(name):
    """Load the data of a reference model; ``name`` such as ``seattle_int_REML``."""
    kind = name.split("_")[0]
    if kind == "seattle":
        return load_seattle()
    if kind == "kc":
        return load_king_county()
    text = {"Subject": str, "plate": str, "sample": str, "batch": str, "cask": str, "period": str}
    frame = pd.read_csv(REFERENCE / f"{kind}.csv", dtype=text)
    if kind == "cbpp":
        frame["herd"] = pd.Categorical(frame["herd"].astype(str), [str(i) for i in range(1, 16)])
    return frame
