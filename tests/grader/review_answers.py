"""What a student would type who has only the review's own text and code: one block a question."""

import re

SD = '"Sigma[zipcode:(Intercept),(Intercept)]"'
ANSWERS = """
# l01-sd-within
answer = my_fit.sigma
# l01-fixef
answer = my_fit.fixef["(Intercept)"]
# l01-interval
half = 2 * my_fit.se_fixef["(Intercept)"]
answer = {"lower": my_fit.fixef["(Intercept)"] - half, "upper": my_fit.fixef["(Intercept)"] + half}
# l01-ranef
answer = my_fit.ranef["zipcode"]["(Intercept)"]
# l01-few-sales
ten_each = homes.groupby("zipcode", observed=True).head(10)
answer = lmer("price ~ (1 | zipcode)", ten_each).coef["zipcode"]["(Intercept)"]
# l02-weights
answer = small_fit.shrinkage()["weight"]
# l02-sd-zipcode
answer = fit.varcorr["zipcode"].sd["(Intercept)"]
# l02-sales-needed
answer = 19 * fit.sigma**2 / fit.varcorr["zipcode"].sd["(Intercept)"] ** 2
# l02-icc
answer = fit.icc()["zipcode"]
# l02-limits
own = small.groupby("zipcode", observed=True)["price"].mean()
answer = pd.DataFrame({"zero": small["price"].mean(), "infinity": own})
# l02-reml-ml
both = {"REML": fit, "ML": lmer("price ~ (1 | zipcode)", homes, REML=False)}
answer = {name: [one.varcorr["zipcode"].sd["(Intercept)"], one.sigma] for name, one in both.items()}
answer = pd.DataFrame(answer, index=["zipcode", "Residual"])
# l03-more-zip-codes
answer = my_fit.se_fixef["(Intercept)"] / 2
# l03-effect-intervals
effect, half = my_fit.ranef["zipcode"]["(Intercept)"], 2 * my_fit.se_ranef["zipcode"]["(Intercept)"]
answer = pd.DataFrame({"lower": effect - half, "upper": effect + half})
# l03-totals
answer = sim(my_fit, n_sims=4000, seed=1).coef["zipcode"]["(Intercept)"]
# l03-ratio
totals = sim(my_fit, n_sims=4000, seed=1).coef["zipcode"]["(Intercept)"]
means = my_fit.coef["zipcode"]["(Intercept)"]
answer = (totals[means.idxmax()] / totals[means.idxmin()]).quantile([0.025, 0.975])
# l03-four-sds
def spread(way, kind):
    new = pd.DataFrame({"zipcode": ["a new one"]})
    return my_fit.predict_draws(new, n_sims=10_000, new_levels=way, kind=kind, seed=3)[0].std()
ways, kinds = ["zero", "marginal"], ["mean", "outcome"]
answer = pd.DataFrame([[spread(way, kind) for kind in kinds] for way in ways], index=ways, columns=kinds)
# l03-new-house
cheapest = pd.DataFrame({"zipcode": [my_fit.coef["zipcode"]["(Intercept)"].idxmin()]})
prices = my_fit.predict_draws(cheapest, n_sims=4000, kind="outcome", seed=2)[0]
answer = {"lower": prices.quantile(0.025), "upper": prices.quantile(0.975)}
# l04-slope
answer = lmer("price ~ scale_sqft + (1 | zipcode)", homes).fixef["scale_sqft"]
# l04-correlations
answer = {}
for zero, x in [("mean size", "scale_sqft"), ("0 square feet", "sqft_living")]:
    answer[zero] = lmer(f"price ~ {x} + (1 + {x} | zipcode)", homes).varcorr["zipcode"].corr.iloc[0, 1]
# l04-sd-3000
moved = homes.assign(x=homes["sqft_living"] / 1000 - 3)
answer = lmer("price ~ x + (1 + x | zipcode)", moved).varcorr["zipcode"].sd["(Intercept)"]
# l05-prior-scale
answer = 2.5 * homes["price"].std() / homes["sqft_living"].std()
# l05-sd-draws
answer = np.sqrt(stan_glmer("price ~ (1 | zipcode)", homes, draws=5000, seed=11).draws[SD])
# l05-coef
answer = my_stan.coef["zipcode"]["(Intercept)"]
# l05-prior-pull
answer = {}
for scale in [1, 0.1]:
    prior = decov(scale=scale)
    other = stan_glmer("price ~ (1 | zipcode)", homes, prior_covariance=prior, draws=5000, seed=3)
    answer[f"scale={scale}"] = np.sqrt(other.draws[SD]).median()
# l06-prior-below
before = stan_glmer("price ~ (1 | zipcode)", few, seed=21).prior_only(seed=22)
answer = (before.posterior_predict(seed=22) < 0).to_numpy().mean()
# l06-dearest
by_row = loo(stan_glmer("price ~ scale_sqft + (1 | zipcode)", few, seed=25)).by_row
answer = by_row[few["price"].idxmax()]
# l06-prior-ratio
medians = []
for scale in [0.1, 1, 10]:
    prior = decov(scale=scale)
    other = stan_glmer("log_price ~ (1 | zipcode)", few, prior_covariance=prior, draws=5000, seed=4)
    medians.append(np.sqrt(other.draws[SD]).median())
answer = max(medians) / min(medians)
# l07-two-slopes
pieces = lmer("price ~ within + mean_size + (1 | zipcode)", rest).fixef
answer = {"within": pieces["within"], "between": pieces["mean_size"]}
# l07-crossed
crossed = lmer("price ~ size + (1 | zipcode) + (1 | grade)", rest)
answer = {one: crossed.varcorr[one].sd["(Intercept)"] for one in ("zipcode", "grade")}
answer["Residual"] = crossed.sigma
# l08-odds
answer = np.exp(glmer("dear ~ (1 | zipcode)", homes, family="binomial").coef["zipcode"]["(Intercept)"])
# l08-odds-ratio
answer = np.exp(0.3 * glmer("dear ~ area + (1 | zipcode)", homes, family="binomial").fixef["area"])
# l09-t-interval
answer = list(lmer("price ~ (1 | zipcode)", ten).confint(method="t").loc["(Intercept)", ["low", "high"]])
# l10-needed
answer = (my_fit.sigma / 0.03) ** 2
# l10-inside
answer = ((my_rest["log_price"] - my_fit.predict(my_rest)).abs() < 2 * my_fit.sigma).mean()
"""
RIGHT = dict(
    re.findall(r"^# (l\d\d-\S+)\n(.+?)(?=^# l\d\d-|\Z)", ANSWERS.replace("[SD]", f"[{SD}]"), re.M | re.S)
)
