"""Compare Bayesian fits by how well they are expected to predict."""

from html import escape

import numpy as np
import pandas as pd

from mlmkit.bayes.fit import BayesianFit
from mlmkit.bayes.folds import KFold
from mlmkit.bayes.leave_one_out import Loo, loo, need_posterior

SMALL = 4  # a difference of elpd below which the normal approximation is poor (Sivula et al. 2025)
FEW = 100
MANY = 11


class Ranking(pd.DataFrame):
    """A data frame of expected predictions, the best first; ``messages`` say how to read it."""

    _metadata = ("messages",)

    @property
    def _constructor(self):
        return pd.DataFrame

    @classmethod
    def of(cls, table, messages):
        """Give a table its sentences."""
        made = cls(table)
        made.messages = messages
        return made

    def _shown(self):
        """Round each column to what it can say."""
        shown = pd.DataFrame(self).round({"mcse": 2, "p_worse": 3, "rows_above_limit": 0}).round(1)
        shown["p_worse"] = [f"{value:.3f}" if value == value else "" for value in self["p_worse"]]
        shown["mcse"] = [f"{value:.2g}" if value == value else "?" for value in self["mcse"]]
        if shown["p"].isna().all():
            shown = shown.drop(columns="p")
        return shown

    def __repr__(self):
        return "\n".join([self._shown().to_string(), *(f"* {message}" for message in self.messages)])

    def _repr_html_(self):
        """Show the sentences in a notebook too: the table alone invites to pick its first row."""
        sentences = "".join(f"<li>{escape(message)}</li>" for message in self.messages)
        return self._shown().to_html(border=0) + (f"<ul>{sentences}</ul>" if sentences else "")


def compare(*unnamed: BayesianFit, **fits: BayesianFit | Loo | KFold) -> pd.DataFrame:
    """Compare Bayesian fits by how well they are expected to predict.

    Parameters
    ----------
    **fits : BayesianFit, or results of `loo`, or of `kfold`
        With the names that the table is to show, such as ``compare(intercepts=fit1, slopes=fit2)``. For fits
        `loo` is computed. Results of `kfold` by groups compare how well new groups are predicted.

    Returns
    -------
    DataFrame
        A row a fit, the best first: ``elpd, se, p, mcse`` (see `loo`), ``elpd_diff`` (this one minus the
        best), ``dse`` (standard error of that difference over rows or groups), ``p_worse`` (probability that
        the fit predicts worse than the best one, from a normal approximation), ``rows_above_limit`` (rows or
        groups that can't be trusted). Beneath it, and in ``messages``, sentences on how to read it.

    Raises
    ------
    TypeError, ValueError
        For fewer than two fits, fits of different outcomes, or results that answer different questions.

    Notes
    -----
    When the approximation is good: T. Sivula, M. Magnusson, A. A. Matamoros and A. Vehtari (2025),
    "Uncertainty in Bayesian leave-one-out cross-validation based model comparison", arXiv 2008.10296. There
    are no weights: they look like probabilities that a model is true, and they are not.

    Examples
    --------
    >>> from mlmkit import compare, load_seattle, stan_glmer
    >>> data = load_seattle()
    >>> table = compare(
    ...     plain=stan_glmer("price ~ (1 | zipcode)", data, seed=1),
    ...     size=stan_glmer("price ~ scale_sqft + (1 | zipcode)", data, seed=1),
    ... )
    >>> table.index[0]
    'size'
    """
    if unnamed or len(fits) < 2:
        raise ValueError("compare needs at least two fits, with names: compare(first=fit1, second=fit2).")
    for one in fits.values():
        if not isinstance(one, Loo | KFold):
            need_posterior(one, "compare")
    _same_outcome([one.outcome if isinstance(one, Loo | KFold) else one.design.y for one in fits.values()])
    found = {name: one if isinstance(one, Loo | KFold) else loo(one) for name, one in fits.items()}
    _same_question(found)
    names = sorted(found, key=lambda name: -np.nan_to_num(found[name].elpd, nan=-np.inf))
    best = found[names[0]]
    rows = {}
    for name in names:
        one = found[name]
        rest = one.parts.to_numpy() - best.parts.to_numpy()
        difference, error = rest.sum(), np.sqrt(len(rest) * np.var(rest, ddof=1))
        rows[name] = {
            "elpd": one.elpd,
            "se": one.se,
            "p": getattr(one, "p", np.nan),
            "mcse": one.mcse,
            "elpd_diff": difference,
            "dse": error,
            "p_worse": np.nan if one is best else _below_zero(difference, error),
            "rows_above_limit": len(one.guesses),
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    return Ranking.of(table, _messages(table, best))


def _below_zero(mean, sd):
    from scipy.special import ndtr

    return float(ndtr(-mean / sd)) if sd > 0 else np.nan


def _same_outcome(outcomes):
    if any(not np.array_equal(y, outcomes[0]) for y in outcomes[1:]):
        raise ValueError(
            "These fits have different outcomes (other rows, or another transformation), so their "
            "predictions can't be compared. Fit them to the same rows of the same outcome."
        )


def _same_question(found):
    asked = {name: (type(one), one.question, tuple(one.parts.index)) for name, one in found.items()}
    if len(set(asked.values())) > 1:
        shown = "; ".join(
            f"{name}: {kind.__name__.lower()}, {what}" for name, (kind, what, _) in asked.items()
        )
        raise ValueError(
            f"These results answer different questions ({shown}). Compare loo with loo, and kfold with kfold "
            "by the same groups."
        )


def _messages(table, best):
    """Say in words what ArviZ's columns of diagnoses say, and what Monte Carlo error means here."""
    found, first, others = [], table.index[0], table.index[1:]
    what = "rows" if best.question.startswith("a new row") else "groups"
    close = [name for name in others if abs(table.at[name, "elpd_diff"]) < SMALL]
    if close:
        found.append(
            f"{_listed(close)} and '{first}' predict about equally well (the difference is below {SMALL}): "
            "dse and p_worse say little there. Choose by what the models are for, not by this table."
        )
    if len(best.parts) < FEW:
        found.append(
            f"With {len(best.parts)} {what}, fewer than {FEW}, dse and p_worse are rough: differences may be "
            "less certain than they look."
        )
    doubtful = [name for name in table.index if table.at[name, "rows_above_limit"]]
    if doubtful:
        found.append(
            f"In {_listed(doubtful)} some {what} can't be trusted (rows_above_limit), which favours the fits "
            "that have them. See the messages of loo or kfold of each fit."
        )
    error = {name: np.hypot(table.at[name, "mcse"], table.at[first, "mcse"]) for name in others}
    noisy = [name for name in others if abs(table.at[name, "elpd_diff"]) < 3 * error[name]]
    if noisy:
        found.append(
            f"The difference between {_listed(noisy)} and '{first}' is within Monte Carlo error (mcse): "
            "other draws may turn it round. Fit with more draws."
        )
    if len(table) > MANY:
        found.append(
            f"Of {len(table)} models the best one looks better than it is, because it was chosen among many. "
            "Average them, or start from the one that you believe in."
        )
    return found


def _listed(names):
    return ", ".join(f"'{name}'" for name in names)
