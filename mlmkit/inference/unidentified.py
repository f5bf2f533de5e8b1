"""Variances and correlations that the data can't tell apart, in words: which ones, and what to do."""

import numpy as np

ARBITRARY = "so every value fits equally well, and the one shown is arbitrary"
SAME_FIT = (
    "Many values fit equally well, with the same fixed effects and fitted values, and those shown are only "
    "one choice."
)


def unidentified_messages(lines, factors):
    """Say what the lines of `flat_lines` leave open.

    Parameters
    ----------
    lines : list of list of (Term, ndarray)
        Of one fit.
    factors : list of Factor
        Its grouping factors.

    Returns
    -------
    list of str
        Sentences; first those about single variances and correlations.
    """
    variances, correlations, rest = {}, {}, {}
    for line in lines:
        places = [(term, pair) for term, change in line for pair in np.argwhere(np.tril(change))]
        if len(places) != 1:
            rest.setdefault(tuple(term.label for term, _ in line), []).append(line)
            continue
        ((term, (row, column)),) = places
        kind = variances if row == column else correlations
        kind.setdefault(term.label, []).append((term.columns.names[column], term.columns.names[row]))
    messages = [_undescribed([name for name, _ in pairs], label) for label, pairs in variances.items()]
    for label, pairs in correlations.items():
        open_too = {name for name, _ in variances.get(label, [])}
        pairs = [pair for pair in pairs if not open_too & set(pair)]
        messages += [_uncorrelated(pairs, label)] if pairs else []
    return messages + [_confused(lines, factors) for labels, lines in rest.items() if labels]


def absorbed(found, label, name):
    """Tell whether the fixed effects hold a coefficient of a varying column for every group.

    Parameters
    ----------
    found : FoundByLikelihood
        The estimates.
    label, name : str
        The term and the column.

    Returns
    -------
    bool
        True if nothing is left for the groups to vary.
    """
    factor, term = next((f, term) for f in found.design.factors for term in f.terms if term.label == label)
    z = np.asarray(term.columns.arrays[term.columns.names.index(name)], dtype=float)
    groups = len(factor.levels)
    if len(found.design.fixed.names) < groups:
        return False
    X = np.linalg.qr(np.column_stack(found.design.fixed.arrays))[0]
    size = np.bincount(factor.codes, z**2, groups)
    explained = sum(np.bincount(factor.codes, z * column, groups) ** 2 for column in X.T)
    return bool((size - explained <= 1e-8 * size.max()).all())


def absorbed_message(names, label):
    """Say why a variance is zero that the fixed effects leave nothing for."""
    many = len(names) > 1
    return (
        f"The standard deviation{'s' * many} of {_listed(names)} between the groups of {label} "
        f"{'are' if many else 'is'} estimated as zero because the fixed effects describe every one of these "
        "groups already and leave nothing for the random effects. It doesn't mean that the groups are alike. "
        f"Leave out the term in brackets, or the fixed effects of {label}."
    )


def _undescribed(names, label):
    many = len(names) > 1
    return (
        f"The data say nothing about the variance{'s' * many} of {_listed(names)} in {label}: the fixed "
        "effects describe every one of these groups already and leave nothing for the random effects, "
        f"{ARBITRARY}. Leave out the term in brackets, or the fixed effects of {label}."
    )


def _uncorrelated(pairs, label):
    pairs = [" and ".join(pair) for pair in pairs]
    many = len(pairs) > 1
    return (
        f"The data say nothing about the correlation{'s' * many} of {_listed(pairs, '; ')} in {label}: no "
        f"group shows both effects, {ARBITRARY}. All other numbers are fine. Don't interpret "
        f"{'these correlations' if many else 'this correlation'}; to leave {'them' if many else 'it'} out of "
        "the model, give each effect a term of its own (with columns of zeros and ones)."
    )


def _confused(lines, factors):
    """Say which variances and correlations of some terms change together."""
    parts, correlated = [], 0
    for changes in zip(*lines, strict=True):
        term, moving = changes[0][0], sum(change != 0 for _, change in changes)
        correlated += np.count_nonzero(np.tril(moving, -1))
        names = [name for name, moves in zip(term.columns.names, moving.any(axis=0), strict=True) if moves]
        parts.append(f"{_listed(names)} in {term.label}")
    totals = [sum(np.trace(change) for _, change in line) for line in lines]
    sizes = [max(np.abs(change).max() for _, change in line) for line in lines]
    only_sum = not correlated and np.allclose(np.divide(totals, sizes), 0, atol=1e-3)
    if len(parts) == 1:
        what = f"variances of {parts[0]}"
        advice = "Let fewer terms vary between these groups."
    else:
        what = f"variances of {_listed(parts, ' and of ', ' and of ')}"
        advice = "Leave out one of these terms."
    what += f" and their correlation{'s' * bool(correlated > 1)}" if correlated else ""
    known = "only their sum is known" if only_sum else "only combinations of them are known"
    return f"The data can't tell the {what} apart: {known}.{_why(lines[0], factors)} {SAME_FIT} {advice}"


def _why(line, factors):
    """Name two factors that form the same groups."""
    terms = [term for term, _ in line]
    own = [factor for factor in factors if any(term is one for term in terms for one in factor.terms)]
    if len(own) != 2 or len(own[0].levels) != len(own[1].levels):
        return ""
    pairs = own[0].codes.astype(np.int64) * len(own[1].levels) + own[1].codes
    if len(np.unique(pairs)) != len(own[0].levels):
        return ""
    return f" {own[0].label} and {own[1].label} form the same groups."


def _listed(names, comma=", ", last=" and "):
    """Write a list in words."""
    if len(names) < 2 or comma == "; ":
        return comma.join(names)
    return comma.join(names[:-1]) + last + names[-1]
