"""Generalised linear mixed models: from columns to a fit, and what the fit offers."""

import numpy as np

from mlmkit.engine.blocks import GroupBlocks
from mlmkit.engine.crossed_blocks import CrossedBlocks
from mlmkit.engine.elsewhere import look_elsewhere
from mlmkit.engine.first_guess import first_guess
from mlmkit.engine.laplace import Laplace
from mlmkit.engine.optimize import minimise
from mlmkit.engine.quadrature import Quadrature
from mlmkit.engine.rank import drop_dependent
from mlmkit.engine.scaling import scale_columns
from mlmkit.engine.theta import canonical
from mlmkit.fits.likelihood import LikelihoodFit
from mlmkit.frame.design import with_outcome
from mlmkit.inference.generalized_solution import GeneralizedSolution
from mlmkit.inference.printout import called

FEW_GROUPS, FEW_ROWS = 50, 5_000  # up to here a second search is cheap, and may find more


class GeneralizedFit(LikelihoodFit):
    """A fit by `glmer`. Coefficients are on the scale of the link: log odds, or log rates.

    Parameters
    ----------
    solution : GeneralizedSolution
        What was found.
    nAGQ : int
        Quadrature nodes.
    """

    kind = "fit by glmer"
    sigma = 1.0

    def __init__(self, solution, nAGQ):
        super().__init__(solution)
        self.nAGQ = nAGQ

    @property
    def family(self) -> str:
        """Name of the outcome's distribution.

        Examples
        --------
        >>> glmer_fit.family
        'binomial'
        """
        return self.solution.family.name

    @property
    def size(self) -> float:
        """Size of negative binomial counts: their variance is ``mean + mean**2 / size``, as R's ``dnbinom``.

        ``getME(fit, "glmer.nb.theta")`` in R. Infinite where the counts vary no more than Poisson counts.

        Examples
        --------
        >>> from mlmkit import glmer, load_seattle
        >>> fit = glmer("view ~ (1 | zipcode)", load_seattle(), family="negative_binomial")
        >>> round(fit.size, 3)
        0.167
        """
        if self.solution.size is None:
            raise AttributeError(f"A {self.kind} has no size: only family='negative_binomial' has one.")
        return self.solution.size

    @property
    def npar(self) -> int:
        """Number of parameters: fixed effects, theta, and the size of negative binomial counts.

        Examples
        --------
        >>> glmer_fit.npar
        3
        """
        return super().npar + self.solution.family.extra

    @property
    def call(self) -> tuple[str, ...]:
        """The call as R would show it: function and arguments.

        Examples
        --------
        >>> glmer_fit.call[0]
        'glmer'
        """
        extra = [] if self.nAGQ == 1 else [f"nAGQ = {self.nAGQ}"]
        return called("glmer", self, f"family = {self.family}", *extra)

    @property
    def criterion(self) -> float:
        """Minus twice the log-likelihood.

        Examples
        --------
        >>> round(glmer_fit.criterion, 1)
        192.3
        """
        return self.solution.optimum.value

    @property
    def deviance(self) -> float:
        """Sum of the deviance residuals given the random effects, as ``deviance`` of lme4's fits.

        Examples
        --------
        >>> glmer_fit.deviance < glmer_fit.criterion
        True
        """
        return -2 * self.solution.inner[3]

    @property
    def dic(self) -> float:
        """Deviance information criterion as arm::display defines it: 2 deviance - criterion.

        Examples
        --------
        >>> glmer_fit.dic < glmer_fit.criterion
        True
        """
        return 2 * self.deviance - self.criterion

    @property
    def converged(self) -> bool:
        """True if the search ended at an optimum with finite coefficients.

        Examples
        --------
        >>> glmer_fit.converged
        True
        """
        return self.solution.optimum.converged and not any(self.solution.separated)

    def display_text(self, digits: int = 2) -> str:
        """Write the print-out of the lecture; negative binomial fits add their size.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        str
            What `display` prints.

        Examples
        --------
        >>> glmer_fit.display_text().splitlines()[-1]
        'deviance = 156.3'
        """
        text = super().display_text(digits)
        return text if self.solution.size is None else f"{text}\nsize = {self.size:.{digits}f}"

    def _repr_html_(self):
        html = super()._repr_html_()
        if self.solution.size is None:
            return html
        return html.replace("</div>", f"<p>Size of the negative binomial counts: {self.size:.2f}.</p></div>")

    def refit(self, y):
        """Fit the same model to another outcome.

        Parameters
        ----------
        y : array, shape (n,)
            The new outcome, for the rows that the fit used; binomial: counts of successes.

        Returns
        -------
        GeneralizedFit
            The new fit.

        Examples
        --------
        >>> from mlmkit import load_seattle
        >>> again = glmer_fit.refit(load_seattle()["price"] > 1e6)
        >>> round(again.criterion - glmer_fit.criterion, 6)
        0.0
        """
        design = with_outcome(self.design, y)
        most = design.trials if self.family == "binomial" else np.inf
        if not ((design.y >= 0) & (design.y <= most) & (design.y == np.round(design.y))).all():
            what = "successes, no more than the trials," if self.family == "binomial" else "counts,"
            raise ValueError(
                f"The new outcome goes from {design.y.min():g} to {design.y.max():g}. It must hold {what} "
                "all of them whole numbers."
            )
        return fit_design(design, self.solution.problem.family, self.nAGQ)


def fit_design(model, family, nAGQ=1):
    """Fit a generalised model whose columns are built already.

    Parameters
    ----------
    model : Design
        From ``design``.
    family : Binomial, Poisson or NegativeBinomial
        Outcome distribution (the class).
    nAGQ : int
        Quadrature nodes.

    Returns
    -------
    GeneralizedFit
        As from `glmer`.
    """
    share = model.y / model.trials if family.name == "binomial" else model.y
    edges = (0.0, 1.0) if family.name == "binomial" else (0.0,)
    if share.min() == share.max() and share[0] in edges:
        raise ValueError(
            f"The outcome '{model.formula.response}' is {share[0]:g} in all {model.n} rows. "
            "There is nothing to explain; is it the right column?"
        )
    if nAGQ > 1 and family.extra:
        raise ValueError("nAGQ above 1 is for binomial and Poisson models. Use nAGQ=1 with this family.")
    scalar = len(model.factors) == 1 and len(model.factors[0].names) == 1
    if nAGQ > 1 and not scalar:
        raise ValueError(
            "nAGQ above 1 needs a single scalar random effect such as (1 | g). Use nAGQ=1, the Laplace "
            "approximation, for this formula."
        )
    problem, scaled = _problem(model, family, nAGQ)
    patterns, terms = problem.patterns, [factor.terms for factor in model.factors]
    n_theta, n_fixed = problem.n_theta, len(problem.X)

    def tidy_signs(phi):
        theta, beta, extra = np.split(phi, [n_theta, n_theta + n_fixed])
        return np.concatenate([canonical(theta, patterns, terms), beta, np.abs(extra)])

    optimum = minimise(problem, first_guess(problem, terms), canonical=tidy_signs)
    found = GeneralizedSolution(model, scaled, problem, optimum)
    few = min(len(factor.levels) for factor in model.factors) < FEW_GROUPS and model.n <= FEW_ROWS
    if few and not any(found.separated):
        other = look_elsewhere(problem, optimum, patterns, tidy_signs)
        if other is not optimum:
            found = GeneralizedSolution(model, scaled, problem, other)
    return GeneralizedFit(found, nAGQ)


def _problem(model, family, nAGQ):
    """Scale and sort the columns; set up the deviance."""
    scaled = scale_columns(model.fixed, model.factors, model.y, scale_y=False)
    columns = scaled.matrix()
    while drop_dependent(model, scaled, columns @ columns.T):
        columns = scaled.matrix()
    offset = np.zeros(model.n) if model.offset is None else model.offset
    y, trials = model.y, model.trials
    terms = [factor.terms for factor in model.factors]
    codes = [np.asarray(factor.codes, dtype=np.intp) for factor in model.factors]
    groups = [len(factor.levels) for factor in model.factors]
    if len(codes) == 1:
        small = codes[0].astype(np.uint16) if groups[0] < 65_536 else codes[0]  # sorted by radix: much faster
        order = np.argsort(small, kind="stable")
        columns, y, trials, offset = columns[:, order], y[order], trials[order], offset[order]
        blocks = GroupBlocks(columns[scaled.z[0]], codes[0][order], groups[0])
    else:
        labels = [factor.label for factor in model.factors]
        blocks = CrossedBlocks([columns[z] for z in scaled.z], codes, groups, labels)
    rest = (family, y, trials, offset, columns[scaled.x], blocks, terms)
    return (Laplace(*rest) if nAGQ == 1 else Quadrature(nAGQ, *rest)), scaled
