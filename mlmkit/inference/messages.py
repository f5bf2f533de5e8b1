"""Sentences about a fit: what happened, what it means, what to try."""

import numpy as np

from mlmkit.engine.elsewhere import SINGULAR
from mlmkit.inference.separation import separation_messages


def singular_terms(found):
    """List the terms whose estimated covariance matrix is singular.

    Returns
    -------
    list of (label, names, reason)
        ``reason`` is "zero" (a standard deviation of zero) or "one" (a perfect correlation).
    """
    terms = []
    for factor, lam in zip(found.design.factors, found.inner_lambdas, strict=True):
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
    for label, names, reason in [] if separated else singular_terms(found):
        listed = ", ".join(names)
        if reason == "zero":
            messages.append(
                f"The fit is singular: the standard deviation of {listed} between the groups of {label} is "
                "estimated as zero. The groups differ no more than chance alone would make them. The other "
                "numbers are fine; try a simpler model without this term, more groups, or a prior "
                f"({bayes})."
            )
        else:
            messages.append(
                f"The fit is singular: the effects {listed} of {label} are perfectly correlated (or a "
                "combination of them doesn't vary). There are too few groups to estimate every variance; "
                "try fewer varying terms, a centred predictor, or a prior "
                f"({bayes})."
            )
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
