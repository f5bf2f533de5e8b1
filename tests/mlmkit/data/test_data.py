"""The sales in the package are the source's, the lecture's and each student's own."""

import random
import runpy
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mlmkit
from mlmkit import (
    counties_for,
    data_fingerprint,
    homes_for,
    load_king_county,
    load_radon,
    load_seattle,
    radon_for,
    zipcodes_for,
)
from mlmkit.data import sales, sources

COLUMNS = {
    *(
        "zipcode",
        "month",
        "price",
        "sqft_living",
        "scale_sqft",
        "bedrooms",
        "bathrooms",
        "grade",
        "condition",
    ),
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
    months = county["month"].value_counts().sort_index()
    first, last = pd.Period("2014-05"), pd.Period("2015-05")
    assert list(months.index) == [str(month) for month in pd.period_range(first, last)]
    assert (months["2014-07"], months["2015-01"], months["2015-05"]) == (2211, 978, 646)
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
@pytest.mark.parametrize("choose", [zipcodes_for, counties_for, homes_for, radon_for])
def test_a_missing_name_is_asked_for(choose, name):
    with pytest.raises(ValueError, match="Type your own user name between the quotes"):
        choose(name)


def test_a_student_has_the_same_counties_everywhere():
    # Typed from a first run, as above.
    first = "BECKER BENTON BLUEEARTH CARVER DOUGLAS FILLMORE HENNEPIN KANABEC LYON MAHNOMEN"
    second = "MCLEOD MILLELACS MORRISON RICE SCOTT SIBLEY STEARNS WADENA WASHINGTON WATONWAN"
    assert counties_for("alice") == counties_for("  ALICE ") == f"{first} {second}".split()
    assert len({tuple(counties_for(f"student{i}")) for i in range(300)}) > 240


def test_own_radon_is_the_houses_in_the_students_counties():
    own, radon = radon_for("alice"), load_radon()
    assert list(own["county"].cat.categories) == counties_for("alice")
    expected = radon[radon["county"].isin(counties_for("alice"))]
    assert own["log_radon"].tolist() == expected["log_radon"].tolist() and list(own) == list(radon)
    assert sources.current_fingerprint("my_radon") == data_fingerprint(own)
    assert data_fingerprint(own) == f"{len(own)} houses in {' '.join(counties_for('alice'))}"
    homes = data_fingerprint(homes_for("alice"))
    assert set(sources.current_fingerprint().split("; ")) == {homes, data_fingerprint(own)}
    assert "data = my_radon" in repr(mlmkit.lmer("log_radon ~ (1 | county)", own))


def test_every_choice_of_counties_is_twenty_and_stands_once():
    sets = sources.choices("my_radon")
    assert len(sets) == len(set(sets)) == 1024
    known = set(load_radon()["county"].cat.categories)
    assert all(len(set(line.split())) == 20 and set(line.split()) <= known for line in sets)


def test_a_sample_of_the_choices_of_counties_meets_its_conditions():
    make = script("make_county_sets.py")
    for line in random.Random(7).sample(sources.choices("my_radon"), 25):
        assert make["is_good"](line.split()), line
        assert [len(set(line.split()) & set(names)) for names, _ in make["strata"]()] == [5, 8, 5, 2]


def test_the_first_choices_of_counties_are_drawn_again():
    drawn = script("make_county_sets.py")["choices"](10)
    assert [" ".join(counties) for counties in drawn] == sources.choices("my_radon")[:10]


def test_a_table_of_no_source_has_no_fingerprint():
    with pytest.raises(ValueError, match="county or zipcode"):
        data_fingerprint(pd.DataFrame({"school": ["a"]}))


@pytest.fixture
def schools(tmp_path, monkeypatch):
    """Add a third source from a CSV file, as the instructor guide does."""
    (tmp_path / "schools.csv").write_text("school,score\nB 2,1.5\nA 1,2.5\nC 3,3.5\nA 1,4.5\n")
    (tmp_path / "school_sets.txt").write_text("A 1,B 2\nB 2,C 3\n")
    monkeypatch.setattr(sources, "FOLDER", tmp_path)
    monkeypatch.setattr(sources, "SOURCES", dict(sources.SOURCES))
    load = lambda: sources.read_table("schools.csv", "school")  # noqa: E731
    sources.register(
        sources.Source(
            own="my_schools",
            whole="schools",
            group="school",
            rows="pupils",
            load=load,
            part=lambda schools: sources.rows_of(load(), "school", schools),
            sets="school_sets.txt",
            labels=lambda line: line.split(","),
        )
    )
    yield load
    sources.choices.cache_clear()


def test_a_third_source_is_a_csv_file_and_an_entry(schools):
    chosen = {tuple(sources.groups_for("my_schools", name)) for name in "abcdefgh"}
    assert chosen == {("A 1", "B 2"), ("B 2", "C 3")}
    part = sources.part_for("my_schools", "a")
    assert list(part["school"].cat.categories) == sources.groups_for("my_schools", "a")
    assert schools()["school"].cat.categories.tolist() == ["A 1", "B 2", "C 3"]
    assert sources.current_fingerprint("my_schools") == data_fingerprint(part)
    sources._session.pop("my_schools")


def test_homes_are_the_sales_in_the_students_zip_codes():
    homes = homes_for("alice")
    assert set(homes) == COLUMNS
    assert list(homes["zipcode"].cat.categories) == zipcodes_for("alice")
    assert homes["scale_sqft"].std() == pytest.approx(1)
    county = load_king_county()
    assert len(homes) == county["zipcode"].isin(zipcodes_for("alice")).sum()
    assert sources.current_fingerprint("homes") == data_fingerprint(homes)
    assert data_fingerprint(homes) != data_fingerprint(homes_for("bob"))


def test_every_choice_of_zip_codes_is_one_line_of_nine_and_stands_once():
    sets = sources.choices("homes")
    assert len(sets) == len(set(sets)) == 8192
    known = {code[2:] for code in load_king_county()["zipcode"].unique()}
    assert all(len(set(line.split())) == 9 and set(line.split()) <= known for line in sets)


def test_a_sample_of_the_choices_meets_its_conditions():
    make = script("make_zipcode_sets.py")
    for line in random.Random(7).sample(sources.choices("homes"), 25):
        zipcodes = [f"98{ending}" for ending in line.split()]
        assert make["is_good"](zipcodes), zipcodes
        assert [len(set(zipcodes) & set(group)) for group in make["strata"]()] == [3, 3, 3]


def test_the_first_choices_are_drawn_again(monkeypatch):
    make = script("make_zipcode_sets.py")
    make["choices"].__globals__["HOW_MANY"] = 10
    assert [" ".join(code[2:] for code in zipcodes) for zipcodes in make["choices"]()] == sources.choices(
        "homes"
    )[:10]


def test_a_print_out_names_a_loaded_table_and_nothing_else():
    """R shows the caller's variable. Here only a whole table that was loaded has a name; a part has none."""
    seattle = load_seattle()
    assert repr(mlmkit.lmer("price ~ (1 | zipcode)", seattle)).startswith(
        "lmer(formula = price ~ (1 | zipcode), data = seattle)\n"
    )
    unnamed = seattle.tail(500)
    assert repr(mlmkit.lmer("price ~ (1 | zipcode)", unnamed)).startswith(
        "lmer(formula = price ~ (1 | zipcode))\n"
    )
    assert mlmkit.glmer("waterfront ~ (1 | zipcode)", unnamed).call == (
        "glmer",
        "formula = waterfront ~ (1 | zipcode)",
        "family = binomial",
    )
    for fit in (
        mlmkit.no_pooling("price ~ 1", unnamed, group="zipcode"),
        mlmkit.stan_lmer("price ~ (1 | zipcode)", unnamed),
    ):
        assert not any("data" in part for part in fit.call)
