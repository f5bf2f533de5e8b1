"""Linear mixed models, fitted as lme4 fits them."""

from mlmkit.engine.elsewhere import look_elsewhere
from mlmkit.engine.onefactor import OneFactor, group_sums
from mlmkit.engine.optimize import minimise
from mlmkit.engine.rank import drop_dependent
from mlmkit.engine.scaling import scale_columns
from mlmkit.engine.theta import canonical, pattern
from mlmkit.fits.linear import LinearMixedFit
from mlmkit.frame.columns import INTERCEPT
from mlmkit.frame.design import design

MANY_GROUPS = 200  # second optima were only ever seen with few groups; from here on nobody looks for one


def lmer(formula, data, *, REML=True, weights=None, offset=None, na_action="drop"):
    """Fit a linear mixed (multilevel) model.

    Parameters
    ----------
    formula : str
        lme4's language, such as ``"price ~ scale_sqft + (1 + scale_sqft | zipcode)"``.
    data : pandas.DataFrame
        One row an observation.
    REML : bool
        True for restricted maximum likelihood (variances not biased by the estimation of the
        fixed effects), False for maximum likelihood (needed to compare fixed effects).
    weights : str or array, optional
        Prior weights, a column or one number a row: the residual variance of a row is
        ``sigma**2 / weight``.
    offset : str or array, optional
        A known part of the outcome. ``offset(x)`` in the formula does the same.
    na_action : {"drop", "raise"}
        Drop rows with missing values and say so in ``fit.messages``, or raise an error.

    Returns
    -------
    LinearMixedFit
        With R's names: ``fixef``, ``ranef``, ``coef``, ``sigma``, ``varcorr``, … Print it, or
        use ``display(fit)``.

    Raises
    ------
    FormulaError, ValueError
        A sentence that says what was wrong with the formula or the data, and what to do.

    Notes
    -----
    The deviance is profiled over the relative covariance factor theta: D. Bates, M. Mächler,
    B. Bolker and S. Walker (2015), "Fitting linear mixed-effects models using lme4", Journal of
    Statistical Software 67(1), equations 34 and 41. lme4 stops a little before the optimum;
    this function goes on to it, so the last printed digits may differ.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle
    >>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
    >>> fit.fixef.round(1).to_dict()
    {'(Intercept)': 713204.2}
    >>> fit.converged, fit.is_singular
    (True, False)
    """
    model = design(formula, data, weights=weights, offset=offset, na_action=na_action)
    return fit_design(model, REML=REML)


def fit_design(model, *, REML=True):
    """Fit a linear mixed model whose columns are built already.

    Parameters
    ----------
    model : Design
        From ``design``.
    REML : bool
        The criterion.

    Returns
    -------
    LinearMixedFit
        As from `lmer`.
    """
    y = model.y if model.offset is None else model.y - model.offset
    _check_sizes(model, y)
    scaled = scale_columns(model.fixed, model.factors, y, model.weights)
    problem = _problem(model, scaled, REML)
    patterns = [pattern(factor.terms) for factor in model.factors]
    blocks = [factor.terms for factor in model.factors]

    def tidy_signs(theta):
        return canonical(theta, patterns, blocks)

    optimum = minimise(problem, problem.start(), canonical=tidy_signs)
    few = min(len(factor.levels) for factor in model.factors) < MANY_GROUPS
    if few and not optimum.alone and not getattr(problem, "expensive", False):
        optimum = look_elsewhere(problem, optimum, patterns, tidy_signs)
    return LinearMixedFit(model, scaled, problem, optimum)


def _problem(model, scaled, REML):
    """Read the rows once and set up the deviance; predictors that depend on others are dropped."""
    factor = model.factors[0]
    if len(model.factors) > 1:
        from mlmkit.engine.crossed import crossed_problem

        return crossed_problem(model, scaled, REML)
    by_group, total = group_sums(scaled, factor.codes, scaled.z[0], len(factor.levels))
    if drop_dependent(model, scaled, total):
        return _problem(model, scaled, REML)
    columns = [*scaled.x, len(scaled.arrays) - 1]
    A, B, C = _take(by_group, scaled.z[0]), _take(by_group, columns), _take(_take(total, columns).T, columns)
    return OneFactor(A, B, C, model.n, pattern(factor.terms), REML)


def _take(array, positions):
    """Pick from the last axis; without a copy where nothing is left out."""
    everything = positions == list(range(array.shape[-1]))
    return array if everything else array[..., positions]


def _check_sizes(model, y):
    n = model.n
    text = model.formula.text
    if n <= len(model.fixed.names):
        raise ValueError(
            f"There are {n} rows for {len(model.fixed.names)} fixed effects. A model needs more rows than "
            f"coefficients: use more data or fewer predictors in '{text}'."
        )
    if INTERCEPT in model.fixed.names and y.min() == y.max():
        raise ValueError(
            f"The outcome '{model.formula.response}' has the same value ({y[0]:g}) in all {n} rows. "
            "There is nothing to explain; is it the right column?"
        )
    for factor in model.factors:
        groups, q = len(factor.levels), len(factor.names)
        if groups >= n:
            raise ValueError(
                f"Each of the {n} rows is a group of its own in '{factor.label}', so differences between "
                "groups can't be told from differences within them. Use groups with several rows each."
            )
        if groups * q >= n:
            raise ValueError(
                f"'{factor.label}' has {groups} groups with {q} varying terms each: {groups * q} random "
                f"effects for {n} rows. There must be fewer than rows; let fewer terms vary."
            )
