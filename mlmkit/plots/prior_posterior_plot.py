"""What the prior said and what the data made of it."""

import math

import numpy as np

from mlmkit.bayes.draws import SIZE
from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.density import draw_density, hide_heights
from mlmkit.plots.from_fit import outcome
from mlmkit.plots.style import DATA, PARTIAL, in_dollars, in_words, tidy


def plot_prior_posterior(fit, pars=None, *, draws=4000, seed=1):
    """Plot the prior (grey) and the posterior (green) of parameters, one panel each.

    Where the green curve is much narrower than the grey one, the data decided; where both look alike,
    the prior did.

    Parameters
    ----------
    fit : StanFit
        From `stan_lmer` or `stan_glmer`, with proper priors.
    pars : list of str, optional
        Columns of ``fit.draws``, or ``sd[zipcode (Intercept)]`` for a group standard deviation. Default: the
        fixed effects, sigma, and the group standard deviations.
    draws : int
        Draws from the prior.
    seed : int
        For these draws.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes
        One for each parameter.

    Raises
    ------
    ValueError
        If a parameter doesn't exist, or a prior is flat.

    Examples
    --------
    >>> from mlmkit import load_seattle, plot_prior_posterior, stan_lmer
    >>> panels = plot_prior_posterior(stan_lmer("price ~ (1 | zipcode)", load_seattle(), seed=1))
    >>> len(panels)
    3
    """
    import matplotlib.pyplot as plt

    after, before = _named_draws(fit), _named_draws(fit.prior_only(draws, seed))
    names = _default(fit) if pars is None else [pars] if isinstance(pars, str) else list(pars)
    unknown = [name for name in names if name not in after]
    if unknown:
        raise ValueError(f"There is no parameter {unknown[0]!r}. There are: {', '.join(after)}.")
    columns = min(3, len(names))
    rows = math.ceil(len(names) / columns)
    grid = plt.subplots(
        rows, columns, figsize=(3.4 * columns, 2.5 * rows + 0.4), squeeze=False, layout="constrained"
    )[1]
    panels, sentences = grid.ravel(), []
    for ax, name in zip(panels, names, strict=False):
        sentences.append(_one(ax, name, before[name], after[name], outcome(fit)))
    for ax in panels[len(names) :]:
        ax.remove()
    panels = panels[: len(names)]
    panels[0].legend(frameon=False, fontsize=9)
    set_alt_text(panels[0], f"Prior and posterior of {len(names)} parameters. " + " ".join(sentences))
    return panels


def _named_draws(fit):
    """Collect the draws by name, with standard deviations instead of variances between groups."""
    found = {name: draws.to_numpy() for name, draws in fit.draws.items()}
    for label, block in fit.varcorr.items():
        for term in block.sd.index:
            variance = found.get(f"Sigma[{label}:{term},{term}]")
            found[f"sd[{label} {term}]"] = np.sqrt(variance)
    return found


def _default(fit):
    names = list(fit.fixef.index)
    names += [name for name in ("sigma", SIZE) if name in fit.draws]
    return names + [f"sd[{label} {term}]" for label, block in fit.varcorr.items() for term in block.sd.index]


def _one(ax, name, before, after, y):
    """Draw one panel. The posterior sets the scale: a wide prior is shown where the posterior lies."""
    positive = name in ("sigma", SIZE) or name.startswith("sd[")
    low, high = np.quantile(after, [0.001, 0.999])
    prior_low, prior_high = np.quantile(before, [0.05, 0.95])
    reach = max(high - low, min(prior_high - prior_low, 6 * (high - low)))
    middle = np.median(after)
    left, right = middle - reach, middle + reach
    left = max(left, 0.0) if positive else left
    for values, color, label, dashes in ((before, DATA, "prior", "--"), (after, PARTIAL, "posterior", "-")):
        view = {"low": left, "high": right, "edge": 0.0 if positive else None, "color": color}
        draw_density(ax, values, **view, linewidth=1.8, linestyle=dashes, label=label)
    for line in ax.lines:
        ax.fill_between(*line.get_data(), color=line.get_color(), alpha=0.25, linewidth=0)
    hide_heights(ax)
    ax.set_title(name, fontsize=10)
    ax.set_ylim(0)
    ax.xaxis.get_major_locator().set_params(nbins=4)
    if not name.startswith("Sigma["):
        in_dollars(y, ax.xaxis)
    tidy(ax, grid="x")
    ratio = np.std(before) / np.std(after)
    width = f"{ratio:.{0 if ratio >= 10 else 1}f} times as wide"
    return f"{name}: the posterior is centred at {in_words(middle, y)}, the prior is {width}."
