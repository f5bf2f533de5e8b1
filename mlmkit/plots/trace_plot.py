"""Chains: the path of each, and how evenly their ranks mix."""

import numpy as np

from mlmkit.plots.alt import set_alt_text
from mlmkit.plots.from_fit import outcome
from mlmkit.plots.style import in_dollars, tidy, unit

# Four shades and line styles; after four chains they repeat.
_CHAINS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7"]
_STYLES = ["-", "--", "-.", ":"]


def plot_trace(fit, pars=None, *, bins=20):
    """Plot the draws of each chain in their order (left) and the histograms of their ranks (right).

    Chains that agree look alike: no drift on the left, flat histograms on the right.

    Parameters
    ----------
    fit : StanFit
        From `stan_lmer` or `stan_glmer`. Exact draws have no chains; their blocks are shown, for comparison.
    pars : str or list of str, optional
        Columns of ``fit.draws``. Default: the fixed effects, sigma and the group variances, at most five.
    bins : int
        Bars of the rank histograms.

    Returns
    -------
    numpy.ndarray of matplotlib.axes.Axes, shape (parameters, 2)
        The plots.

    Raises
    ------
    ValueError
        If a parameter doesn't exist.

    Notes
    -----
    Rank plots: A. Vehtari, A. Gelman, D. Simpson, B. Carpenter and P.-C. Bürkner (2021), "Rank-normalization,
    folding, and localization: an improved R-hat", Bayesian Analysis 16(2), 667-718.

    Examples
    --------
    >>> from mlmkit import load_seattle, plot_trace, stan_lmer
    >>> grid = plot_trace(stan_lmer("price ~ (1 | zipcode)", load_seattle(), seed=1), "sigma")
    >>> grid.shape
    (1, 2)
    """
    import matplotlib.pyplot as plt

    table = fit.draws
    if pars is None:
        names = [name for name in table.columns if not name.startswith("b[")][:5]
    else:
        names = [pars] if isinstance(pars, str) else list(pars)
    unknown = [name for name in names if name not in table.columns]
    if unknown:
        raise ValueError(f"There is no parameter {unknown[0]!r}. There are: {', '.join(table.columns)}.")
    chains = fit.solution.posterior.chains
    figure, grid = plt.subplots(
        len(names), 2, figsize=(8.4, 1.9 * len(names) + 0.6), squeeze=False, layout="constrained"
    )
    for (left, right), name in zip(grid, names, strict=True):
        values = table[name].to_numpy()
        ranks = values.argsort().argsort()
        edges = np.linspace(0, len(values), bins + 1)
        for chain, rows in enumerate(np.split(np.arange(len(values)), chains)):
            look = {
                "color": _CHAINS[chain % 4],
                "linestyle": _STYLES[chain // 4 % 4],
                "label": f"{'chain' if fit.method == 'nuts' else 'block'} {chain + 1}",
            }
            left.plot(values[rows], linewidth=0.5, alpha=0.8, **look)
            right.stairs(np.histogram(ranks[rows], edges)[0], edges, linewidth=1.6, baseline=None, **look)
        left.set_title(name, fontsize=10, loc="left")
        if not name.startswith("Sigma["):
            in_dollars(outcome(fit), left.yaxis)
            left.set_ylabel(unit(outcome(fit)), fontsize=9)
        right.set_ylabel("draws", fontsize=9)
        right.axhline(len(values) / chains / bins, color="#4D4D4D", linewidth=1)
        right.set_ylim(0)
        for ax in (left, right):
            tidy(ax, grid="y")
    grid[-1, 0].set_xlabel("draw")
    grid[-1, 1].set_xlabel("rank among all draws")
    grid[0, 1].set_title("ranks by chain", fontsize=10, loc="left")
    if chains > 1:
        figure.legend(
            *grid[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=min(chains, 8)
        )
    set_alt_text(grid[0, 0], _in_words(fit, names))
    return grid


def _in_words(fit, names):
    table = fit.diagnostics().table.loc[names]
    worst = table["Rhat"].idxmax() if table["Rhat"].notna().any() else names[0]
    kind = "chains" if fit.method == "nuts" else "blocks of independent draws"
    several = f"{len(names)} parameters" if len(names) > 1 else names[0]
    return (
        f"Draws of {several} in {fit.solution.posterior.chains} {kind}, in their order and as histograms of "
        f"their ranks. The largest R-hat is {table.at[worst, 'Rhat']:.3f}, of {worst}; effective sample "
        f"sizes run from {table['n_eff'].min():.0f} to {table['n_eff'].max():.0f}."
    )
