"""Fit, simulate and plot hierarchical (multilevel) models.

The helper library of the course: R's names, lme4's formulas, lme4's answers. Start with
``lmer``, ``display`` and ``load_seattle``.

Importing mlmkit loads pandas and NumPy only. What needs more is imported on first use.

Examples
--------
>>> from mlmkit import display, lmer, load_seattle
>>> fit = lmer("price ~ (1 | zipcode)", load_seattle())
>>> round(fit.sigma)
460891
"""

import importlib

# One line per module: the public names that it provides.
_EXPORTS = {
    "answers": ["check", "check_all", "hint", "regrade"],
    "bayes": [
        "stan_lmer",
        "stan_glm",
        "stan_glmer",
        "normal",
        "student_t",
        "cauchy",
        "exponential",
        "flat",
        "decov",
        "compare_fits",
        "compare",
        "loo",
        "loo_pit",
        "kfold",
        "prior_sensitivity",
    ],
    "inference.criterion": ["criterion_at"],
    "data": [
        "load_seattle",
        "load_king_county",
        "load_radon",
        "zipcodes_for",
        "homes_for",
        "counties_for",
        "radon_for",
        "data_fingerprint",
    ],
    "plots": [
        "plot_caterpillar",
        "plot_funnel",
        "plot_posterior_intervals",
        "plot_posterior_lmer",
        "plot_predictive_check",
        "plot_prior_posterior",
        "plot_trace",
        "plot_intercept_slope",
        "plot_lines_by_group",
        "plot_valley",
        "plot_varying_slopes",
        "plot_group_intervals",
        "plot_group_line",
        "plot_poolings",
        "plot_predictions",
        "plot_scatter_by_group",
        "plot_shrinkage",
        "plot_shrinkage_path",
        "plot_weights",
        "plot_profile",
        "plot_residuals",
        "plot_binned_residuals",
        "plot_scale_location",
        "plot_qq",
        "set_alt_text",
        "shrinkage_slider",
    ],
    "inference.printout": ["display"],
    "frame.formula": ["FormulaError"],
    "fits.glmer": ["glmer"],
    "inference.anova": ["anova"],
    "inference.bootstrap": ["bootstrap", "refit"],
    "inference.intervals": ["confint", "profile"],
    "fits.lmer": ["lmer"],
    "fits.pooling": ["complete_pooling", "no_pooling"],
    "fits.shrinkage": ["shrinkage"],
    "inference.r_names": [
        "fixef",
        "ranef",
        "coef",
        "sigma",
        "VarCorr",
        "se_fixef",
        "se_ranef",
        "se_coef",
        "ngrps",
        "predict",
        "sigma_hat",
    ],
    "study.marginal_model": ["marginal_model"],
    "study.power": ["power"],
    "study.simulate_data": ["simulate_data"],
    "inference.simulations": ["sim"],
}

_HOME = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = sorted(_HOME)
__version__ = "0.1.0"


def __getattr__(name):
    """Import a public name from its module on first use (PEP 562)."""
    if name in _HOME:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"mlmkit has no {name!r}. It offers: {', '.join(__all__)}.")


def __dir__():
    return __all__
