"""Standard deviations and correlations between groups."""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class GroupVariance:
    """How one random-effects term varies between groups.

    Attributes
    ----------
    cov : DataFrame, shape (q, q)
        Covariance matrix of the effects, in the units of the outcome (and of the columns).
    """

    cov: pd.DataFrame

    @property
    def sd(self):
        """Standard deviations of the effects, a Series by term."""
        return pd.Series(np.sqrt(np.diagonal(self.cov)), index=self.cov.index, name="sd")

    @property
    def corr(self):
        """Correlations of the effects, a DataFrame; missing where a standard deviation is zero."""
        sd = self.sd.to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            values = self.cov.to_numpy() / np.outer(sd, sd)
        values[~np.isfinite(values)] = np.nan
        values = np.clip(values, -1.0, 1.0)
        np.fill_diagonal(values, 1.0)
        return pd.DataFrame(values, index=self.cov.index, columns=self.cov.columns)


class VarCorrTable(dict):
    """The terms of a fit by name, such as ``fit.varcorr["zipcode"].sd``; prints as in R.

    Attributes
    ----------
    sigma : float or None
        The residual standard deviation; None where the model has none.
    factors : dict
        The grouping factor's name for each term (they differ where ``||`` split a term).
    """

    def __init__(self, terms, sigma=None, factors=None):
        super().__init__(terms)
        self.sigma, self.factors = sigma, factors or {name: name for name in terms}

    def __missing__(self, name):
        raise KeyError(f"The fit has no random-effects term {name!r}. It has: {', '.join(self)}.")

    def __reduce__(self):
        return type(self), (dict(self), self.sigma, self.factors)

    def rows(self, digits=2, residual=None):
        """List the lines of R's table: group, name, standard deviation, correlations."""
        residual = residual if self.sigma is None else self.sigma
        numbers = [sd for term in self.values() for sd in term.sd]
        if residual is not None:
            numbers.append(residual)
        written = iter(fixed_width(numbers, digits))
        lines = []
        for label, term in self.items():
            corr = term.corr.to_numpy()
            for i, name in enumerate(term.sd.index):
                group = label if i == 0 else ""
                pairs = ["" if np.isnan(r) else f"{r:.2f}" for r in corr[i, :i]]
                lines.append([group, str(name), next(written), *pairs])
        if residual is not None:
            lines.append(["Residual", "", next(written)])
        width = max(map(len, lines))
        return [line + [""] * (width - len(line)) for line in lines]

    def frame(self):
        """Return the table as a DataFrame with columns group, term1, term2, sd_or_corr, variance."""
        lines = []
        for label, term in self.items():
            names, corr, cov = list(term.sd.index), term.corr.to_numpy(), term.cov.to_numpy()
            for i, name in enumerate(names):
                lines.append((label, name, None, np.sqrt(cov[i, i]), cov[i, i]))
            for i in range(len(names)):
                for j in range(i):
                    lines.append((label, names[j], names[i], corr[i, j], cov[i, j]))
        if self.sigma is not None:
            lines.append(("Residual", None, None, self.sigma, self.sigma**2))
        return pd.DataFrame(lines, columns=["group", "term1", "term2", "sd_or_corr", "variance"])

    def __repr__(self):
        rows = self.rows(4)
        head = ["Groups", "Name", "Std.Dev.", "Corr"] + [""] * (len(rows[0]) - 4)
        return "\n".join(left_aligned([head[: len(rows[0])], *rows]))


def variances_between(found):
    """Tabulate how the groups of a `Solution` vary, term by term.

    Parameters
    ----------
    found : Solution
        With ``lambdas``.

    Returns
    -------
    VarCorrTable
        By term, such as ``zipcode``; ``zipcode.1`` for the second term of a factor.
    """
    terms, factors = {}, {}
    for factor, lam in zip(found.design.factors, found.lambdas, strict=True):
        for term in factor.terms:
            where = slice(term.first, term.first + term.size)
            root = lam[where, where] * found.unit
            names = term.columns.names
            terms[term.label] = GroupVariance(pd.DataFrame(root @ root.T, index=names, columns=names))
            factors[term.label] = factor.label
    return VarCorrTable(terms, found.scale, factors)


def fixed_width(numbers, digits):
    """Write numbers with the same decimals and the same width, as R's fround does."""
    written = [f"{number:.{digits}f}" for number in numbers]
    width = max(map(len, written), default=0)
    return [text.rjust(width) for text in written]


def left_aligned(rows):
    """Lay a table of text out in columns, left-aligned as R prints text."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        " " + " ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    ]
