"""How group effects are written: centred, mixed or non-centred.

Centred: each group's effect is a parameter with the prior N(0, sd). Non-centred: the parameters are
standard normal, and the effects are sd times them. Mixed: each group's intercept has the prior N(overall
intercept, sd), and what its other effects add to what the correlation says is non-centred. All are
the same model; which one a sampler likes depends on how much the data say about each group.
"""

import numpy as np

FORMS = ("auto", "centred", "mixed", "noncentred")
NOISE = 0.2  # share of the variance between group means that may be chance where data tell them well


def choose_form(model, form):
    """Resolve ``"auto"``: mixed where the data tell each group's intercept well, else non-centred.

    Measured on ``price ~ scale_sqft + (1 + scale_sqft | zipcode)``, whose correlation is close to one (4
    chains of 1,000 draws): centred, 150 effective draws at the worst; non-centred, 393; mixed, 560, and the
    sampling takes under 2 s.

    Parameters
    ----------
    model : BayesModel
        The model.
    form : {"auto", "centred", "mixed", "noncentred"}
        What was asked for.

    Returns
    -------
    str
        ``"centred"``, ``"mixed"`` or ``"noncentred"``.
    """
    if form not in FORMS:
        raise ValueError(f"form is {form!r}. Valid choices: {', '.join(map(repr, FORMS))}.")
    if form == "mixed" and not _has_group_intercepts(model):
        raise ValueError(
            "form='mixed' needs one grouping factor, an intercept, and a first term that varies it."
        )
    if form != "auto":
        return form
    return "mixed" if _has_group_intercepts(model) and _well_told(model) else "noncentred"


def _well_told(model):
    """Guess from the groups' means, on the link scale, whether the data tell the groups apart well."""
    y, codes = model.design.y, model.design.factors[0].codes
    n = np.bincount(codes)
    total = np.bincount(codes, y)
    if model.family.name == "gaussian":
        means = total / n
        chance = np.bincount(codes, (y - means[codes]) ** 2).sum() / max(len(y) - len(n), 1) / n
    elif model.family.name == "poisson":
        means, chance = np.log((total + 0.5) / n), 1 / (total + 0.5)
    else:
        failures = np.bincount(codes, model.design.trials) - total
        means = np.log((total + 0.5) / (failures + 0.5))
        chance = 1 / (total + 0.5) + 1 / (failures + 0.5)
    return chance.mean() < NOISE * means.var(ddof=1)


def _has_group_intercepts(model):
    factors = model.design.factors
    return len(factors) == 1 and factors[0].names[0] == "(Intercept)" and model.has_intercept
