"""Plots of data and fits, one a file; each carries a description in words (`alt_text`)."""

import importlib

_EXPORTS = {
    "alt": ["alt_text", "set_alt_text"],
    "caterpillar": ["plot_caterpillar"],
    "intercept_slope": ["plot_intercept_slope"],
    "lines_by_group": ["plot_lines_by_group"],
    "valley": ["plot_valley"],
    "varying_slopes": ["plot_varying_slopes"],
    "funnel": ["plot_funnel"],
    "posterior_intervals": ["plot_posterior_intervals"],
    "posterior_lmer": ["plot_posterior_lmer"],
    "predictive_check": ["plot_predictive_check"],
    "prior_posterior": ["plot_prior_posterior"],
    "trace": ["plot_trace"],
    "group_intervals": ["plot_group_intervals"],
    "poolings": ["plot_poolings"],
    "predictions": ["plot_predictions"],
    "scatter": ["plot_scatter_by_group"],
    "shrinkage": ["plot_shrinkage"],
    "shrinkage_path": ["plot_shrinkage_path"],
    "shrinkage_slider": ["shrinkage_slider"],
    "style": ["POOLING_COLORS"],
    "weights": ["plot_weights"],
    "profile": ["plot_profile"],
    "residuals": ["plot_residuals"],
    "binned_residuals": ["plot_binned_residuals"],
    "scale_location": ["plot_scale_location"],
    "qq": ["plot_qq"],
}
_HOME = {name: module for module, names in _EXPORTS.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name):
    """Import a plot from its file on first use, and matplotlib with it."""
    if name in _HOME:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"mlmkit.plots has no {name!r}. It offers: {', '.join(__all__)}.")


def __dir__():
    return __all__
