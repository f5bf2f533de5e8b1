"""The sales in the package are the source's, the lecture's and each student's own."""

import random
import runpy
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mlmkit
from mlmkit import data_fingerprint, homes_for, load_king_county, load_radon, load_seattle, zipcodes_for
from mlmkit.data import sales

COLUMNS = {
    *("zipcode", "price", "sqft_living", "scale_sqft", "bedrooms", "bathrooms", "grade", "condition"),
    *("waterfront", "view", "floors", "yr_built", "lat", "long"),
}


def script(name):
    return runpy.run_path(str(Path(__file__).with_name(name)))


def test_the_county_is_made_again_from_its_source():
    made = script("make_county.py")["county"]()
    shipped = load_king_county().drop(columns="scale_sqft").astype({"zipcode": str, "price": int})
    pd.testing.assert_frame_equal(
        shipped, made.astype({"zipcode": shipped["zipcode"].dtype}), check_dtype=False
    )


def test_the_county_is_written_the_same_way_twice(tmp_path):
    make = script("make_county.py")
    few = make["county"]().head(50)
    for name in "ab":
        make["write"](few, tmp_path / f"{name}.gz")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gz", "b.gz"]


def test_the_county_has_the_columns_that_the_course_promises():
    county = load_king_county()
    assert len(county) == 21613 and set(county) == COLUMNS
    assert list(county["zipcode"].cat.categories) == sorted(county["zipcode"].unique())
    assert county["zipcode"].nunique() == 70
    assert abs(county["scale_sqft"].mean()) < 1e-12 and county["scale_sqft"].std() == pytest.approx(1)


def test_the_radon_table_is_made_again_from_its_source():
    make = script("make_radon.py")
    try:
        made = make["radon"]()
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("needs R with rstanarm")
    pd.testing.assert_frame_equal(load_radon().astype({"county": str}), made.astype({"county": str}))


def test_radon_is_as_the_course_promises():
    radon = load_radon()
    assert list(radon) == ["county", "floor", "log_radon", "log_uranium"] and len(radon) == 919
    assert list(radon["county"].cat.categories) == sorted(radon["county"].unique())
    assert not radon["county"].cat.ordered and set(radon["floor"]) == {0, 1}
    sizes = radon["county"].value_counts()
    assert len(sizes) == 85 and (sizes <= 3).sum() == 22 and sizes["STLOUIS"] == 116
    tenths = 10 * (np.exp(radon["log_radon"]) - 0.1)  # the survey has picocuries per litre with one decimal
    assert np.allclose(tenths, tenths.round(), atol=1e-9) and (tenths < 0.5).sum() == 3
    assert (radon.groupby("county", observed=True)["log_uranium"].nunique() == 1).all()
    assert tenths[radon["county"] == "AITKIN"].round().tolist() == [22, 22, 29, 10]


def test_the_lecture_has_869_sales_with_its_rounded_prices():
    seattle = load_seattle()
    assert set(seattle) == COLUMNS
    sizes = seattle["zipcode"].value_counts().sort_index()
    assert list(sizes.index) == list(sales.SEATTLE_ZIPCODES)
    assert list(sizes) == [100, 124, 81, 125, 50, 118, 105, 109, 57]
    dear = seattle.loc[seattle["price"] >= 1e6, "price"]
    assert (dear % 1e4 == 0).all() and len(dear) > 50
    assert seattle["scale_sqft"].std() == pytest.approx(1)


def test_a_price_on_the_edge_is_rounded_half_up(monkeypatch):
    houses = load_king_county().head(2).drop(columns="scale_sqft").assign(price=[1_025_000.0, 999_999.0])
    monkeypatch.setattr(sales, "_houses_in", lambda zipcodes: houses)
    assert list(load_seattle()["price"]) == [1_030_000, 999_999]


@pytest.mark.parametrize("load", [load_seattle, load_king_county, load_radon])
def test_loading_gives_a_fresh_copy(load):
    mine, column = load(), load().columns[-1]
    mine[column] = -1e9
    assert load()[column].min() > -1e9


def test_a_student_has_the_same_zip_codes_everywhere():
    # Typed from a first run: a change of these lines would give a running class other data.
    assert (
        zipcodes_for("alice")
        == zipcodes_for("  ALICE ")
        == ["98007", "98019", "98032", "98033", "98074", "98112", "98116", "98133", "98198"]
    )
    assert zipcodes_for("bob") == [
        "98005",
        "98007",
        "98029",
        "98030",
        "98055",
        "98056",
        "98108",
        "98125",
        "98155",
    ]
    assert len({tuple(zipcodes_for(f"student{i}")) for i in range(300)}) > 285


@pytest.mark.parametrize("name", ["", "   ", None, 7])
def test_a_missing_name_is_asked_for(name):
    with pytest.raises(ValueError, match="Type your own user name between the quotes"):
        zipcodes_for(name)


def test_homes_are_the_sales_in_the_students_zip_codes():
    homes = homes_for("alice")
    assert set(homes) == COLUMNS
    assert list(homes["zipcode"].cat.categories) == zipcodes_for("alice")
    assert homes["scale_sqft"].std() == pytest.approx(1)
    county = load_king_county()
    assert len(homes) == county["zipcode"].isin(zipcodes_for("alice")).sum()
    assert sales.current_fingerprint() == data_fingerprint(homes)
    assert data_fingerprint(homes) != data_fingerprint(homes_for("bob"))


def test_every_choice_of_zip_codes_is_one_line_of_nine_and_stands_once():
    sets = sales._zipcode_sets()
    assert len(sets) == len(set(sets)) == 8192
    known = {code[2:] for code in load_king_county()["zipcode"].unique()}
    assert all(len(set(line.split())) == 9 and set(line.split()) <= known for line in sets)


def test_a_sample_of_the_choices_meets_its_conditions():
    make = script("make_zipcode_sets.py")
    for line in random.Random(7).sample(sales._zipcode_sets(), 25):
        zipcodes = [f"98{ending}" for ending in line.split()]
        assert make["is_good"](zipcodes), zipcodes
        assert [len(set(zipcodes) & set(group)) for group in make["strata"]()] == [3, 3, 3]


def test_the_first_choices_are_drawn_again(monkeypatch):
    make = script("make_zipcode_sets.py")
    make["choices"].__globals__["HOW_MANY"] = 10
    assert [
        " ".join(code[2:] for code in zipcodes) for zipcodes in make["choices"]()
    ] == sales._zipcode_sets()[:10]


def test_a_print_out_names_the_lectures_data_but_not_a_part_of_it():
    seattle = load_seattle()
    assert "data = seattle" in repr(mlmkit.lmer("price ~ (1 | zipcode)", seattle))
    assert "data = data" in repr(mlmkit.lmer("price ~ (1 | zipcode)", seattle.tail(500)))
