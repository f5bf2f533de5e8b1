"""Two sliders for the two standard deviations, and the estimates that follow them."""

import base64
import html
import math
from importlib.util import find_spec
from io import BytesIO

from mlmkit.frame.columns import INTERCEPT
from mlmkit.inference.pooled_means import pooled_means
from mlmkit.plots.alt import alt_text
from mlmkit.plots.from_fit import group_means, grouping, outcome
from mlmkit.plots.shrinkage_plot import draw_shrinkage
from mlmkit.plots.style import in_words

_REACH = 100  # the sliders go this many times below and above the estimate
NOT_LIVE = (
    "Two sliders appear here when you run this cell in JupyterLab. "
    "On a page that nobody runs they can't move: look at the picture below instead."
)
NO_WIDGETS = (
    "The two sliders need the package ipywidgets, which is not installed. Install it with "
    "pip install 'mlmkit[course]', restart the kernel and run this cell again."
)


def shrinkage_slider(fit, *, group=None):
    """Show sliders for the two standard deviations, and how the estimates follow.

    Where no person sits in front of the cell (grading, a page made from the notebook), a sentence stands in
    their place: no widget is made, nothing is stored in the notebook. Without the package ipywidgets, a
    sentence tells how to install it.

    Parameters
    ----------
    fit : fit
        From `lmer`, a varying intercept without predictors: ``lmer("price ~ (1 | zipcode)", data)``.
    group : str, optional
        The grouping factor. Default: the first one.

    Raises
    ------
    ValueError
        If the fit has predictors, or no grouping factor ``group``.

    Examples
    --------
    >>> from mlmkit import lmer, load_seattle, shrinkage_slider
    >>> shrinkage_slider(lmer("price ~ (1 | zipcode)", load_seattle()))
    Two sliders appear here when you run this cell in JupyterLab. On a page that nobody runs they \
can't move: look at the picture below instead.
    """
    if not _somebody_is_there():
        print(NOT_LIVE)
        return
    if find_spec("ipywidgets") is None:
        print(NO_WIDGETS)
        return
    from IPython.display import display

    panel = _panel(fit, group)

    # A page made from a saved notebook shows the text: let it be the sentence, not the widget's repr.
    display({**panel._repr_mimebundle_(), "text/plain": NOT_LIVE}, raw=True)


def _somebody_is_there():
    """Tell whether a front end runs this cell: it sends the cell's id along; nbclient and others don't."""
    try:
        from IPython import get_ipython

        return "cellId" in get_ipython().get_parent()["metadata"]
    except (ImportError, AttributeError, KeyError, TypeError):
        return False


def _panel(fit, group):
    """Build the sliders, the picture and a button that goes back."""
    import ipywidgets as widgets

    sizes, means = group_means(fit, group, plot="shrinkage_slider")
    group, y = grouping(fit, group), outcome(fit)
    between = max(fit.varcorr[group].sd[INTERCEPT], fit.sigma / 1000)  # a slider on a log scale has no zero
    estimates = {"between": between, "within": fit.sigma}
    sliders = {name: _slider(widgets, f"sd {name} groups", value) for name, value in estimates.items()}
    picture = widgets.HTML(layout={"max_width": "100%"})  # of a telephone, too
    back = widgets.Button(description="Back to the estimates", layout={"width": "auto"})

    def redraw(_change=None):
        picture.value = picture_html(
            sizes, means, sliders["between"].value, sliders["within"].value, y, group
        )

    def follow():
        redraw()
        for slider in sliders.values():
            slider.observe(redraw, "value")

    def reset(_button):
        for name, slider in sliders.items():
            slider.unobserve(redraw, "value")  # the picture is drawn once, when both are back
            slider.value = estimates[name]
        follow()

    back.on_click(reset)
    follow()
    return widgets.VBox([*sliders.values(), back, picture], layout={"align_items": "flex-start"})


def _slider(widgets, label, value):
    middle, reach = math.log10(value), math.log10(_REACH)
    return widgets.FloatLogSlider(
        value=value,
        min=middle - reach,
        max=middle + reach,
        step=0.05,
        description=label,
        readout_format=",.0f" if middle > 2 else ".3g",
        style={"description_width": "10em"},
        layout={"width": "36em", "max_width": "100%"},
    )


def picture_html(sizes, means, sd_between, sd_within, y, group):
    """Draw the estimates at given standard deviations, as an HTML image with a description.

    Parameters
    ----------
    sizes, means : Series
        By group.
    sd_between, sd_within : float
        In units of the outcome.
    y, group : str
        Names of the outcome and of the grouping factor.

    Returns
    -------
    str
        A paragraph and an ``<img>``.
    """
    from matplotlib.figure import Figure  # not pyplot: no window, and nothing left open

    pooled = pooled_means(sizes, means, sd_between, sd_within)
    figure = Figure(figsize=(7.2, 0.36 * len(means) + 1.5), layout="constrained")
    ax = draw_shrinkage(sizes, means, pooled.estimate, pooled.centre, y=y, group=group, ax=figure.subplots())
    reach = 0.05 * (means.max() - means.min())
    ax.set_xlim(
        means.min() - reach, means.max() + reach
    )  # the frame stays, so that the marks are seen to move
    png = BytesIO()
    figure.savefig(png, dpi=100)
    words = (
        f"Between groups {in_words(sd_between, y)}, within groups {in_words(sd_within, y)}: weights of the "
        f"groups' own means from {pooled.weight.min():.2f} to {pooled.weight.max():.2f}."
    )
    data = base64.b64encode(png.getvalue()).decode()
    alt = html.escape(alt_text(figure))
    return f'<p>{words}</p><img style="max-width: 100%" alt="{alt}" src="data:image/png;base64,{data}">'
