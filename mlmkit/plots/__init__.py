"""Plots of data and fits; each carries a description in words (`alt_text`).

One plot a file: ``caterpillar_plot.py`` holds `plot_caterpillar`. The other files are what plots share.
"""

import importlib

_PLOTS = [
    "binned_residuals",
    "caterpillar",
    "funnel",
    "group_intervals",
    "group_line",
    "intercept_slope",
    "lines_by_group",
    "poolings",
    "posterior_intervals",
    "posterior_lmer",
    "predictions",
    "predictive_check",
    "prior_posterior",
    "profile",
    "qq",
    "residuals",
    "scale_location",
    "scatter_by_group",
    "shrinkage",
    "shrinkage_path",
    "trace",
    "valley",
    "varying_slopes",
    "weights",
]
# A public name to its file. No file has the name of a function: importing the file would hide the function.
_HOME = {f"plot_{name}": f"{name}_plot" for name in _PLOTS}
_HOME |= {"alt_text": "alt", "set_alt_text": "alt", "POOLING_COLORS": "style", "shrinkage_slider": "slider"}

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
