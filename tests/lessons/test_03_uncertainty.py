"""What lesson 3 says in words and numbers is so; its questions accept every correct way."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from handed_in import STUDENTS, judged

from grader.author.tagged_lesson import CHECKS, role_of
from mlmkit import homes_for, lmer, load_king_county, load_radon, plot_caterpillar, plot_group_intervals

LESSON = "03_uncertainty"
MODEL = "price ~ (1 | zipcode)"


@pytest.fixture(scope="module")
def run(cells):
    """The names that the lesson leaves behind, after its code and its solutions have run."""
    names = {}
    for cell in cells:
        if cell.cell_type == "code" and role_of(cell) not in CHECKS:
            exec(cell.source, names)
    plt.close("all")
    return names


def excludes_zero(intervals):
    return (intervals["lower"] > 0) | (intervals["upper"] < 0)


# The text -------------------------------------------------------------------------------------------


def test_the_intervals_are_those_of_the_lecture(run):
    assert list(run["fixed_ci"]) == [322_042, 1_104_366]
    lecture = {
        "98010": (-379643, -195857),
        "98014": (-338874, -173731),
        "98024": (-233587, -29528),
        "98032": (-541866, -377381),
        "98039": (1300763, 1559876),
        "98070": (-309176, -139907),
        "98102": (97512, 276896),
        "98109": (77888, 253968),
        "98148": (-545109, -302244),
    }
    table = run["effect_intervals"].round()
    assert {name: tuple(row) for name, row in table.iterrows()} == lecture


def test_numbers_in_the_prose_are_those_of_the_fits(prose, run):
    fit, effects = run["lmer1"], run["effect_intervals"]
    facts = {
        "322,042": run["fixed_ci"][0],
        "1,104,366": run["fixed_ci"][1],
        "−379,643": effects.loc["98010", "lower"],
        "−195,857": effects.loc["98010", "upper"],
        "713,204": run["mu"],
        "289,527": fit.coef["zipcode"].loc["98148", "(Intercept)"],
        "782,324": np.ptp(run["fixed_ci"]),
        "195,581": run["se_mu"],
        "45,947": run["se_effect"]["98010"],
        "204,789": np.hypot(run["se_mu"], run["se_effect"]["98148"]),
    }
    for text, value in facts.items():
        assert text in prose, text
        assert f"{value:,.0f}".replace("-", "−") == text
    rounded = {
        "196,000": -effects.loc["98010", "upper"],
        "380,000": -effects.loc["98010", "lower"],
        "461,000": run["sigma_y"],
        "585,000": run["sigma_alpha"],
        "234,000": run["other_means"].std(),
        "65,000": run["coverage"].loc["98032", "sd of the prices"],
        "21,000": fit.coef["zipcode"]["(Intercept)"][["98109", "98102"]].diff().iloc[1],
    }
    for text, value in rounded.items():
        assert f"{text} dollars" in prose or text in prose, text
        assert f"{round(value, -3):,.0f}" == text
    other = {"104,366", "90,000", "200,000", "10,000", "20,744", "780,000", "86,900"}
    found = set(re.findall(r"−?\d{2,3},\d{3}", prose))
    assert not found - set(facts) - set(rounded) - other, "a number in the prose that no test looks at"
    assert len(run["others"]) == 20_744
    assert round(run["se_mu"], -3) == 196_000


def test_two_standard_errors_of_a_mean_are_about_what_the_first_lines_say(run):
    assert (2 * run["se_total"]).median() == pytest.approx(90_000, rel=0.02)


def test_the_fixed_effect_is_uncertain_because_there_are_nine_zip_codes(run):
    assert 1 < run["se_mu"] / (run["sigma_alpha"] / 3) < 1.01
    assert run["factor"] == pytest.approx(2.306, abs=1e-3)
    many = run["se_mu"] ** 2 - (run["sigma_y"] ** 2 / run["n"]).mean() / 9 * 0.99  # a hundred times the sales
    assert 4 * many**0.5 == pytest.approx(780_000, abs=1000)


def test_two_standard_errors_of_nine_groups_catch_the_truth_92_times_in_100(flat, run):
    """Exactly so where groups are of one size: their mean has a t distribution."""
    assert "it catches it in about 92" in flat
    assert 2 * run["stats"].t.cdf(2, 8) - 1 == pytest.approx(0.92, abs=0.003)


def test_intervals_of_two_zip_codes_overlap_although_their_difference_is_clear(run):
    """The example must not hang on a seed: it lies three Monte Carlo errors from 0 and more."""
    ends = run["total_intervals"]
    assert ends.loc["98010", "upper"] > ends.loc["98024", "lower"]
    two = run["lmer1"].sim(40_000, seed=1).coef["zipcode"]["(Intercept)"]
    gap = two["98024"] - two["98010"]
    assert gap.quantile(0.025) > 3 * 0.085 * gap.std()  # the error of such an end from 1,000 draws
    assert run["practice_difference"]["lower"] > 0


def test_radon_shows_what_the_text_says(flat, run):
    known = run["known_counties"]["(Intercept)"]
    sizes = load_radon()["county"].value_counts()
    assert (sizes["STLOUIS"], sizes["WILKIN"], len(sizes)) == (116, 1, 85)
    assert "is known to 0.07. That of WILKIN, with one house, is known to 0.28" in flat
    assert [round(known[name], 2) for name in ("STLOUIS", "WILKIN")] == [0.07, 0.28]
    assert known["WILKIN"] > 0.9 * run["practice_county"]["mean"]
    radon = run["lmer_radon"]
    assert radon.varcorr["county"].sd.iloc[0] < radon.sigma


def test_the_formula_for_the_sum_is_that_of_the_fit(run):
    np.testing.assert_allclose(run["by_hand"], run["se_total"], rtol=1e-9)
    too_large = np.hypot(run["se_mu"], run["se_effect"]) / run["se_total"]
    assert 3 < too_large.min() < too_large.max() < 5
    assert 3.5 < run["se_mu"] / run["se_effect"].median() < 4.5


def test_the_draws_show_what_the_text_says(flat, run):
    np.testing.assert_allclose(run["group_totals"].std(), run["se_total"], rtol=0.08)
    assert run["correlation"] < -0.95
    pd.testing.assert_frame_equal(
        run["group_totals"], run["samples"].coef["zipcode"]["(Intercept)"], check_names=False
    )
    assert excludes_zero(run["effect_intervals"]).sum() == 9
    assert excludes_zero(run["free"]).sum() == 3
    assert "only three of the nine intervals do not contain 0" in flat
    prices, ends = run["seattle"]["price"], run["total_intervals"]
    zipcode = run["seattle"]["zipcode"].astype(str)
    inside = prices.between(zipcode.map(ends["lower"]), zipcode.map(ends["upper"]))
    assert inside.mean() < 0.5  # "Most houses lie outside the bars"
    assert (prices > 3_000_000).sum() == 9


def test_coverage_is_right_on_average_and_wrong_by_zip_code(run):
    share = run["coverage"]["share of houses inside"]
    assert run["inside"].mean() == pytest.approx(0.96, abs=0.005)
    assert (share == 1).sum() == 4
    assert share["98039"] == pytest.approx(0.70)
    assert run["coverage"]["sd of the prices"]["98039"] > 1e6
    logs = run["coverage"]["inside, logarithms"]
    assert logs["98039"] == pytest.approx(0.96)
    assert [round(share[z], 2) for z in ("98014", "98024")] == [0.98, 0.93]
    assert [round(logs[z], 2) for z in ("98014", "98024")] == [0.89, 0.89]
    spread = np.log(run["seattle"]["price"]).groupby(run["zipcode"]).std()
    assert set(spread.nlargest(2).index) == {
        "98014",
        "98024",
    }  # "spread more than elsewhere, on this scale too"
    assert np.exp(0.44) == pytest.approx(1.55, abs=0.005)
    assert run["log_fit"].sigma == pytest.approx(0.44, abs=0.005)


def test_the_new_zip_code_shows_what_the_text_says(flat, run):
    mu, new_zip = run["mu"], run["new_zip"]
    both = np.hypot(run["sigma_alpha"], run["sigma_y"])
    assert "Two of them are negative!" in flat
    assert (np.random.default_rng(58).normal(mu, run["sigma_alpha"], 10) < 0).sum() == 2
    contains = run["contains"]
    assert contains.iloc[0] == pytest.approx(0.95, abs=0.01)
    assert contains.iloc[1:3].max() < 0.9
    assert contains.iloc[3] == pytest.approx(0.4, abs=0.02)
    assert np.hypot(both, run["se_mu"]) / both == pytest.approx(1.03, abs=0.005)
    assert run["stats"].norm.cdf(0, mu, both) == pytest.approx(1 / 6, abs=0.005)
    assert new_zip[new_zip > 0].mean() - new_zip.mean() > 200_000
    assert 0.5 < run["low"] < 0.56
    assert 1.44 < run["high"] < 1.5


def test_the_rest_of_the_county_shows_what_the_text_says(run):
    whole, part = run["in_the_county"](run["lmer1"]), run["in_the_county"](run["without"])
    means, houses = "share of the zip-code means", "share of the houses"
    assert whole.loc["se", means] == pytest.approx(0.74, abs=0.02)
    assert whole.loc["se and sigma_alpha", means] == 1
    assert part.loc["se and sigma_alpha", means] == pytest.approx(0.95, abs=0.005)
    assert part.loc["all three", houses] == pytest.approx(0.98, abs=0.006)
    assert run["without"].varcorr["zipcode"].sd.iloc[0] < run["sigma_alpha"] / 2


def test_zero_and_marginal_have_one_centre_and_the_spread_of_the_formulas(run):
    se, between, within = run["se_mu"], run["sigma_alpha"], run["sigma_y"]
    sd = [se, np.hypot(se, within), np.hypot(se, between), np.sqrt(se**2 + between**2 + within**2)]
    np.testing.assert_allclose(run["four"].std(), sd, rtol=0.04)
    assert (np.abs(run["four"].mean() - run["mu"]) < 4 * np.array(sd) / 4000**0.5).all()


def test_sales_from_a_new_zip_code_take_its_uncertainty_away(run):
    errors = pd.DataFrame(run["steps"]).set_index("sales")["standard error"]
    assert errors.is_monotonic_decreasing
    assert 1 - errors[1] / errors[0] == pytest.approx(2 / 5, abs=0.02)
    assert 1 - errors[5] / errors[0] == pytest.approx(2 / 3, abs=0.03)


def test_the_model_in_logarithms_has_no_negative_price_and_is_still_too_wide(run):
    model, real = run["log_draws"], run["others"]["price"]
    assert model.min() > 0
    low, high = model.quantile([0.025, 0.975])
    assert real.between(low, high).mean() > 0.98


# The questions --------------------------------------------------------------------------------------


class Answers:
    """What a student may hand in: by draws with any seed, or by hand."""

    def __init__(self, student):
        self.homes = homes_for(student)
        self.fit = lmer(MODEL, self.homes)
        self.mu, self.se = self.fit.fixef["(Intercept)"], self.fit.se_fixef["(Intercept)"]
        self.between, self.within = self.fit.varcorr["zipcode"].sd["(Intercept)"], self.fit.sigma
        self.means = self.fit.coef["zipcode"]["(Intercept)"]
        self.se_means = self.fit.se_coef["zipcode"]["(Intercept)"]
        county = load_king_county()
        self.others = county.loc[~county["zipcode"].isin(self.homes["zipcode"].unique()), "price"]

    def held(self, half):
        return np.sum(np.abs(self.others - self.mu) < half)

    def by_draws(self, seed):
        """Everything through `sim` and `predict_draws`."""
        new, cheapest = pd.DataFrame({"zipcode": ["x"]}), pd.DataFrame({"zipcode": [self.means.idxmin()]})
        totals = self.fit.sim(4000, seed=seed).coef["zipcode"]["(Intercept)"]
        ratio = totals[self.means.idxmax()] / totals[self.means.idxmin()]
        house = self.fit.predict_draws(cheapest, 4000, kind="outcome", seed=seed)[0]
        houses = self.fit.predict_draws(new, 10_000, "marginal", "outcome", seed=seed)[0]
        sds = pd.DataFrame(
            {
                kind: {
                    way: self.fit.predict_draws(new, 4000, way, kind, seed=seed)[0].std()
                    for way in ("zero", "marginal")
                }
                for kind in ("mean", "outcome")
            }
        )
        return {
            "l03-totals": totals,
            "l03-ratio": ratio.quantile([0.025, 0.975]).tolist(),
            "l03-new-house": house.quantile([0.025, 0.975]).tolist(),
            "l03-four-sds": sds,
            "l03-house-draws": houses.tolist(),
            "l03-below-zero": (houses < 0).mean(),
            "l03-held": self.held(2 * houses.std()),
        }

    def by_hand(self, seed):
        """Formulas, the lecture's own draws, and 1.96 instead of 2."""
        from scipy.stats import norm

        rng = np.random.default_rng(seed)
        new_house = np.hypot(self.between, self.within)
        low, high = self.means.idxmin(), self.means.idxmax()
        effect, se_effect = (table["zipcode"]["(Intercept)"] for table in (self.fit.ranef, self.fit.se_ranef))
        house = np.hypot(self.se_means[low], self.within)
        ratio = rng.normal(self.means[high], self.se_means[high], 4000) / rng.normal(
            self.means[low], self.se_means[low], 4000
        )
        se = self.se
        return {
            "l03-more-zip-codes": self.between / 6,
            "l03-effect-intervals": pd.DataFrame(
                {"upper": effect + 1.96 * se_effect, "lower": effect - 1.96 * se_effect}
            ).iloc[::-1],
            "l03-ratio": {"lower": np.quantile(ratio, 0.025), "upper": np.quantile(ratio, 0.975)},
            "l03-new-house": [self.means[low] - 1.96 * house, self.means[low] + 1.96 * house],
            "l03-four-sds": pd.DataFrame(
                {
                    "outcome": [np.hypot(se, new_house), np.hypot(se, self.within)],
                    "mean": [np.hypot(se, self.between), se],
                },
                index=["marginal", "zero"],
            ),
            "l03-house-draws": rng.normal(rng.normal(self.mu, self.between, 10_000), self.within),
            "l03-below-zero": norm.cdf(-self.mu / new_house),
            "l03-held": self.held(1.96 * new_house),
        }


@pytest.mark.parametrize("way", ["by_draws", "by_hand"])
@pytest.mark.parametrize("student", STUDENTS)
def test_every_correct_way_is_right(way, student):
    for id, answer in getattr(Answers(student), way)(seed=11).items():
        verdict = judged(id, answer, student)
        assert verdict.status == "right", (id, verdict.message)


@pytest.mark.slow
def test_simulated_answers_are_right_with_nearly_every_seed():
    wrong = [
        (student, seed, id)
        for student in STUDENTS
        for seed in range(40)
        for id, answer in Answers(student).by_draws(seed).items()
        if judged(id, answer, student).status != "right"
    ]
    assert len(wrong) <= 3, wrong


def test_wrong_draws_are_recognised():
    student = "ada"
    known = Answers(student)
    samples = known.fit.sim(4000, seed=5)
    effects, overall = samples.ranef["zipcode"]["(Intercept)"], samples.fixef["(Intercept)"]
    mixed = effects.add(overall.sample(frac=1, random_state=1).to_numpy(), axis="index")
    rng = np.random.default_rng(5)
    means = rng.normal(known.mu, known.between, 10_000)
    houses = rng.normal(means, known.within)
    for id, answer, name in [
        ("l03-totals", effects, "ranef for coef"),
        ("l03-totals", mixed, "draws of different rows added"),
        ("l03-house-draws", means, "spread within groups forgotten"),
        ("l03-house-draws", rng.normal(known.mu, known.within, 10_000), "spread between groups forgotten"),
        ("l03-house-draws", houses[houses > 0], "negative draws removed"),
        ("l03-below-zero", int((houses < 0).sum()), "count for share"),
    ]:
        assert judged(id, answer, student).mistake == name, (id, name)


def test_draws_with_negative_ones_are_never_told_that_these_were_removed():
    """Zip codes of this student differ little, so a forgotten spread looks like a lost sign."""
    known = Answers("simulated107")
    draws = np.random.default_rng(5).normal(known.mu, known.within, 10_000)
    verdict = judged("l03-house-draws", draws, "simulated107")
    assert verdict.score == 0 and verdict.mistake != "negative draws removed"


def test_a_figure_may_be_drawn_in_several_ways_but_needs_labels():
    student = "ada"
    known = Answers(student)
    draws = known.fit.sim(4000, seed=5).coef["zipcode"]["(Intercept)"]
    ends = draws.quantile([0.025, 0.975]).T.set_axis(["lower", "upper"], axis=1)
    upright = plt.subplots()[1]
    upright.errorbar(list(known.means.index), known.means / 1000, yerr=2 * known.se_means / 1000, fmt="o")
    upright.set(xlabel="Zip code", ylabel="Mean price (thousands of dollars)")
    for ax in (
        plot_caterpillar(known.fit, what="coef"),
        plot_group_intervals(known.homes, ends, limit=2_000_000),
        upright,
    ):
        assert judged("l03-figure", ax, student).status == "right"
    assert judged("l03-figure", plot_caterpillar(known.fit), student).mistake == "ranef for coef"
    upright.set(xlabel="", ylabel="")
    assert judged("l03-figure", upright, student).score == 1
    plt.close("all")
