"""Model matrices beside R's: names, values, and the same columns again for new rows."""

import json

import numpy as np
import pandas as pd
import pytest

from mlmkit.frame.columns import make_columns
from tests.mlmkit.from_r import REFERENCE

STORED = json.loads((REFERENCE / "formulas.json").read_text())
DATA = pd.DataFrame(STORED["data"])
DATA["f"] = DATA["f"].astype("category")
DATA["o"] = pd.Categorical(DATA["o"], ["cold", "warm", "hot", "dry"], ordered=True)
# What R forgets for new rows: the mean and the contrast of the fit. Here they are remembered.
FORGOTTEN = ("mean(x)", "C(")


@pytest.mark.parametrize("matrix", STORED["matrices"], ids=lambda matrix: matrix["formula"])
def test_a_model_matrix_of_r(matrix):
    text = matrix["formula"].replace(" + offset(z)", "")
    columns = make_columns(text, DATA)
    assert columns.names == matrix["names"]
    np.testing.assert_allclose(np.array(columns.arrays).T[:6], matrix["rows"], rtol=1e-9, atol=1e-12)
    if matrix.get("again") and not any(part in text for part in FORGOTTEN):
        again = np.array(columns.again(DATA.iloc[30:])).T
        np.testing.assert_allclose(again[:3], matrix["again"], rtol=1e-9, atol=1e-12)
    whole = np.array(columns.arrays).T
    np.testing.assert_allclose(np.array(columns.again(DATA.iloc[30:])).T, whole[30:], rtol=1e-9, atol=1e-12)
