"""Labels that would lie on each other are moved apart, and no farther."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmkit.plots.labels import spread

PLACES = st.lists(st.floats(-100, 100), min_size=1, max_size=12)


@given(PLACES)
def test_labels_keep_their_order_their_distance_and_their_middle(places):
    values = pd.Series(places, index=[f"label {k}" for k in range(len(places))])
    moved = pd.Series(spread(values, gap=3.0))
    assert set(moved.index) == set(values.index)
    assert (np.diff(values[moved.index]) >= 0).all()
    assert (np.diff(moved) >= 3.0 - 1e-9).all()
    assert moved.mean() == pytest.approx(values.mean(), abs=1e-9)


def test_a_label_with_room_stays_where_it_is_and_neighbours_move_alike():
    moved = spread(pd.Series({"alone": 50.0, "left": 0.0, "middle": 1.0, "right": 2.0}), gap=4.0)
    assert moved == {"left": -3.0, "middle": 1.0, "right": 5.0, "alone": 50.0}
