"""Sentences about a fit: what happened, what it means, what to try."""

import numpy as np

from mlmkit.engine.elsewhere import SINGULAR
from mlmkit.inference.flat_lines import flat_lines
from mlmkit.inference.separation import separation_messages
from mlmkit.inference.unidentified import absorbed, absorbed_message, unidentified_messages


def singular_terms(found, lambdas=None):
    """List the terms whose estimated covariance matrix is singular.

    Parameters
    ----------
    found : FoundByLikelihood
        The estimates.
    lambdas : list of ndarray, each (q, q), optional
        Lambda of each factor, for the scaled columns; default: the estimated ones.

    Returns
    -------
    list of (label, names, reason)
        ``reason`` is "zero" (a standard deviation of zero) or "one" (a perfect correlation).
    """
    terms = []
    lambdas = found.inner_lambdas if lambdas is None else lambdas
    for factor, lam in zip(found.design.factors, lambdas, strict=True):
        for term in factor.terms:
            where = slice(term.first, term.first + term.size)
            block = lam[where, where]
            if (np.diagonal(block) >= SINGULAR).all():
                continue
            sd = np.sqrt((block**2).sum(axis=1))
            zero = [name for name, value in zip(term.columns.names, sd, strict=True) if value < SINGULAR]
            terms.append((term.label, zero or list(term.columns.names), "zero" if zero else "one"))
    return terms


def fit_messages(found, converged):
    """Collect all sentences about what a likelihood search found."""
    messages = [*found.design.messages, *_single_rows(found.design)]
    bayes = "stan_glmer" if found.scale is None else "stan_lmer"
    separated = separation_messages(found) if found.scale is None else []
    if not separated:
        lines, middle = flat_lines(found) if converged else ([], found.inner_lambdas)
        messages += unidentified_messages(lines, found.design.factors)
        messages += _singular_messages(found, middle, bayes)
    messages += separated
    if found.size == np.inf:
        messages.append(
            "The counts vary no more than Poisson counts do: the size of the negative binomial distribution "
            "went to infinity. The fit is the one with family='poisson'; use that."
        )
    if not separated and not converged:
        messages.append(
            "The search for the variances stopped before it found an optimum, so these numbers aren't the "
            "estimates. Try fewer varying terms, and look for groups with extreme values."
        )
    return messages


def _singular_messages(found, lambdas, bayes):
    """Say which variances are zero and which correlations are one, and why."""
    messages = []
    for label, names, reason in singular_terms(found, lambdas):
        nothing_left = [name for name in names if reason == "zero" and absorbed(found, label, name)]
        if nothing_left:
            messages.append(absorbed_message(nothing_left, label))
            names = [name for name in names if name not in nothing_left]
        listed = ", ".join(names)
        if reason == "zero" and names:
            messages.append(
                f"The fit is singular: the standard deviation of {listed} between the groups of {label} is "
                "estimated as zero. The groups differ no more than chance alone would make them. The other "
                "numbers are fine; try a simpler model without this term, more groups, or a prior "
                f"({bayes})."
            )
        elif reason == "one":
            messages.append(
                f"The fit is singular: the effects {listed} of {label} are perfectly correlated (or a "
                "combination of them doesn't vary). There are too few groups to estimate every variance; "
                "try fewer varying terms, a centred predictor, or a prior "
                f"({bayes})."
            )
    return messages


def _single_rows(design):
    """Name groups with one row where it matters: nothing separates their effect from the noise."""
    messages = []
    for factor in design.factors:
        counts = np.bincount(factor.codes, minlength=len(factor.levels))
        alone = factor.levels[counts == 1]
        if len(alone):
            named = ", ".join(map(str, alone[:5])) + (", …" if len(alone) > 5 else "")
            many = len(alone) > 1
            messages.append(
                f"{len(alone)} of the {len(factor.levels)} groups of {factor.label} "
                f"{'have' if many else 'has'} one row only ({named}). "
                f"{'Their estimates rest' if many else 'Its estimate rests'} mostly on the other groups."
            )
    return messages
