"""Print-outs in rstanarm's layout: the fit, its summary, its priors."""

from html import escape

import numpy as np
import pandas as pd

from mlmkit.bayes.draws import SIZE, mad_sd
from mlmkit.bayes.priors import Decov
from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.printout import html_table
from mlmkit.inference.varcorr import fixed_width, left_aligned

AUXILIARY = "Auxiliary parameter(s):"
ALGORITHM = {"exact": "exact", "nuts": "sampling (NUTS)", "prior": "draws from the prior"}


def _drawn_by(fit):
    size, report = fit.solution.posterior.size, fit.solution.posterior.report
    if fit.method == "exact":
        return f"{size} independent draws, exact (importance ESS {report['importance_ess']:.0f})"
    if fit.method == "prior":
        return f"{size} draws from the prior"
    return f"{size} draws by NUTS from {fit.solution.posterior.chains} chains"


def _head(fit):
    family = fit.solution.model.family
    return [
        fit.solution.model.function,
        f" family:       {family.name} [{family.link}]",
        f" formula:      {fit.formula}",
        f" observations: {fit.nobs}",
    ]


def _medians(names, medians, errors, digits):
    numbers = [fixed_width(medians, digits), fixed_width(errors, digits)]
    rows = [["", "Median", "MAD_SD"], *map(list, zip(names, *numbers, strict=True))]
    return [line[1:].rstrip() for line in left_aligned(rows)]


def _variance_digits(fit):
    """Choose decimals so that small standard deviations keep two or three digits, as R's print does."""
    numbers = [sd for term in fit.varcorr.values() for sd in term.sd]
    return 0 if min(numbers) >= 1000 else 1 if min(numbers) >= 10 else 2 if min(numbers) >= 1 else 4


def _fixed_digits(fit):
    """Choose decimals: one as in R, more where the smallest MAD_SD would be lost."""
    return int(np.clip(np.ceil(1 - np.log10(max(fit.se_fixef.min(), 1e-6))), 1, 6)) if len(fit.fixef) else 1


def print_text(fit, digits=None):
    """Write a fit as rstanarm's ``print`` does, with more decimals where one would show nothing."""
    digits = _fixed_digits(fit) if digits is None else digits
    lines = [*_head(fit), "------"]
    lines += _medians(list(fit.fixef.index), fit.fixef, fit.se_fixef, digits)
    if fit.sigma is not None:
        error = float(mad_sd(fit.solution.posterior.sigma))
        lines += ["", AUXILIARY, *_medians(["sigma"], [fit.sigma], [error], digits)]
    elif fit.solution.size is not None:
        error = float(mad_sd(fit.solution.posterior.sizes))
        lines += ["", AUXILIARY, *_medians([SIZE], [fit.size], [error], digits)]
    elif fit.solution.model.sigma_known:
        lines += ["", "sigma is known: each row has its own."]
    if fit.ngrps:
        rows = fit.varcorr.rows(_variance_digits(fit))
        head = ["Groups", "Name", "Std.Dev.", "Corr", *[""] * len(rows[0])][: len(rows[0])]
        lines += ["", "Error terms:", *(line.rstrip() for line in left_aligned([head, *rows]))]
        lines.append("Num. levels: " + ", ".join(f"{name} {count}" for name, count in fit.ngrps.items()))
    lines += ["", "------", f"* {_drawn_by(fit)}; .diagnostics() says whether to trust them"]
    lines += ["* .summary() for means, intervals and Monte Carlo errors; .prior_summary() for the priors"]
    return "\n".join([*lines, *(f"* {message}" for message in fit.messages)])


def fit_html(fit):
    """Write a fit as HTML for notebooks."""
    digits = _fixed_digits(fit)
    est, err = fixed_width(fit.fixef, digits), fixed_width(fit.se_fixef, digits)
    fixed = html_table(
        ["term", "median", "MAD_SD"], zip(fit.fixef.index, est, err, strict=True), "Fixed effects"
    )
    family = fit.solution.model.family
    notes = "".join(f"<p>{escape(message)}</p>" for message in fit.messages)
    between, size = "", f"{fit.nobs} observations"
    if fit.ngrps:
        rows = fit.varcorr.rows(_variance_digits(fit))
        head = ["group", "term", "standard deviation", "correlation", *[""] * len(rows[0])][: len(rows[0])]
        between = html_table(head, rows, "Error terms")
        size += "; " + "; ".join(f"{name}: {count} groups" for name, count in fit.ngrps.items())
    return (
        f"<div><pre>{escape(fit.solution.model.function)}: {escape(fit.formula)} "
        f"({family.name} [{family.link}])</pre>"
        f"{fixed}{between}<p>{escape(size)}. {escape(_drawn_by(fit))}.</p>{notes}</div>"
    )


class PosteriorSummary(pd.DataFrame):
    """A data frame of posterior summaries that prints in rstanarm's layout."""

    _metadata = ("_head_lines",)

    @property
    def _constructor(self):
        return pd.DataFrame

    @classmethod
    def of(cls, fit, table):
        """Give a table the head of its fit."""
        made = cls(table)
        groups = ", ".join(f"{name} ({count})" for name, count in fit.ngrps.items()) or "none"
        family = fit.solution.model.family
        made._head_lines = [
            "Model Info:",
            f" function:     {fit.solution.model.function}",
            f" family:       {family.name} [{family.link}]",
            f" formula:      {fit.formula}",
            f" algorithm:    {ALGORITHM[fit.method]}",
            f" sample:       {fit.solution.posterior.size} (posterior sample size)",
            " priors:       see prior_summary()",
            f" observations: {fit.nobs}",
            f" groups:       {groups}",
        ]
        return made

    def __repr__(self):
        if not hasattr(self, "_head_lines"):
            return super().__repr__()
        plain = pd.DataFrame(self)
        estimates = plain.drop(columns=["mcse", "Rhat", "n_eff"])
        last = ["mean_PPD"]
        return "\n\n".join(
            [
                "\n".join(self._head_lines),
                "Estimates:\n" + _table(estimates.drop(index=last)),
                "Fit Diagnostics:\n" + _table(estimates.loc[last]),
                "The mean_PPD is the mean of outcomes that the model replicates. It should be close to the\n"
                "mean of the observed outcome.",
                "Draws:\n" + _table(plain[["mcse", "Rhat", "n_eff"]]),
                "mcse is the Monte Carlo standard error of the mean, n_eff the number of independent draws\n"
                "that would be as good, Rhat compares chains (1 when they agree).",
            ]
        )


def _table(frame):
    def number(value):
        return f"{value:.0f}" if abs(value) >= 10_000 else f"{value:.5g}"

    return frame.to_string(formatters=dict.fromkeys(frame.columns, number))


class PriorSummary:
    """The priors of a fit; prints as rstanarm's ``prior_summary``.

    Attributes
    ----------
    priors : Priors
        As used.
    """

    def __init__(self, fit):
        self.priors = fit.priors
        self._slopes = fit.solution.model.slopes
        self._aux = SIZE if fit.solution.model.family.has_size else "sigma"

    def __repr__(self):
        priors, lines = self.priors, ["Priors", "------"]
        if priors.intercept is not None:
            lines += self._one("Intercept (after predictors centered)", INTERCEPT, priors.intercept)
        for name, prior in zip(self._slopes, priors.coefs, strict=True):
            lines += self._one(f"Coefficient of {name}", name, prior)
        if priors.aux is not None:
            lines += self._one(f"Auxiliary ({self._aux})", "sigma", priors.aux)
        if isinstance(priors.covariance, Decov):
            lines += ["Covariance", f" ~ {priors.covariance}", ""]
        elif priors.covariance is not None:
            lines += self._one("Each standard deviation between groups", "sd", priors.covariance.prior)
        lines[-1] = "------"
        return "\n".join(lines)

    def _one(self, title, name, prior):
        from dataclasses import replace

        if name not in self.priors.adjusted:
            return [title, f" ~ {prior}", ""]
        before = replace(prior, scale=self.priors.adjusted[name])
        return [title, "  Specified prior:", f"    ~ {before}", "  Adjusted prior:", f"    ~ {prior}", ""]
