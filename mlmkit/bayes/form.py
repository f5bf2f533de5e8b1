"""How group effects are written: centred, mixed or non-centred.

Centred: each group's effect is a parameter with the prior N(0, sd). Non-centred: the parameters are
standard normal, and the effects are sd times them. Mixed: each group's own intercept is a parameter with
the prior N(overall intercept, sd), and what its other effects add to what the correlation says is
non-centred. (Only one factor can carry the overall intercept; the others' intercepts are centred at
zero.) All are the same model; which one a sampler likes depends on how much the data say about each group.
"""

import numpy as np

from mlmkit.frame.columns import INTERCEPT

FORMS = ("auto", "centred", "mixed", "noncentred")
NOISE = 0.2  # share of the variance between group means that may be chance where data tell them well


def choose_forms(model, form):
    """Choose a form for each grouping factor.

    ``"auto"`` is mixed where the data tell each group's intercept well, else non-centred.

    Parameters
    ----------
    model : BayesModel
        The model.
    form : {"auto", "centred", "mixed", "noncentred"}
        What was asked for.

    Returns
    -------
    list of str
        ``"centred"``, ``"mixed"`` or ``"noncentred"``, one for each factor.

    Raises
    ------
    ValueError
        For an unknown form, or ``"mixed"`` where no group intercepts vary.
    """
    factors = model.design.factors
    if form not in FORMS:
        raise ValueError(f"form is {form!r}. Valid choices: {', '.join(map(repr, FORMS))}.")
    possible = [factor.names[0] == INTERCEPT for factor in factors]
    if form == "mixed" and not any(possible):
        raise ValueError("form='mixed' needs a first term with an intercept that varies, as in (1 | g).")
    if form in ("centred", "noncentred"):
        return [form] * len(factors)
    return [
        "mixed" if can and (form == "mixed" or _well_told(model, factor.codes)) else "noncentred"
        for can, factor in zip(possible, factors, strict=True)
    ]


def _well_told(model, codes):
    """Guess from the groups' means, on the link scale, whether the data tell the groups apart well."""
    y, n = model.design.y, np.bincount(codes)
    total = np.bincount(codes, y)
    if model.family.name == "gaussian":
        means = total / n
        chance = np.bincount(codes, (y - means[codes]) ** 2).sum() / max(len(y) - len(n), 1) / n
    elif model.family.link == "log":
        means, chance = np.log((total + 0.5) / n), 1 / (total + 0.5)
        if model.family.has_size:  # and as much more as the counts vary within groups
            within = np.bincount(codes, (y - total[codes] / n[codes]) ** 2).sum()
            chance = chance * max(within / np.maximum(total * (1 - 1 / n), 1e-9).sum(), 1)
    else:
        failures = np.bincount(codes, model.design.trials) - total
        means = np.log((total + 0.5) / (failures + 0.5))
        chance = 1 / (total + 0.5) + 1 / (failures + 0.5)
    return chance.mean() < NOISE * means.var(ddof=1)
