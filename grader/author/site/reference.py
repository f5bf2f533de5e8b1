"""The pages about the library: one for each public name and each kind of fit, listed by room."""

from __future__ import annotations

import inspect
from pathlib import Path

import mlmkit

ROOMS = {  # as in the house, from the bottom
    "data": "Data",
    "frame": "Formulas",
    "fits": "Fits",
    "inference": "Asking a fit",
    "study": "Studies: invented data and power",
    "bayes": "Bayesian fits",
    "answers": "Answers",
    "plots": "Plots",
}
FITS = {
    "LinearMixedFit": ("mlmkit.fits.linear", "lmer"),
    "GeneralizedFit": ("mlmkit.fits.generalized", "glmer"),
    "RegressionFit": ("mlmkit.fits.regression", "complete_pooling and no_pooling"),
    "StanFit": ("mlmkit.bayes.fit", "stan_lmer, stan_glmer and stan_glm"),
}


def room_of(name: str) -> str:
    """Name the room of a public function: ``lmer`` is in ``fits``.

    >>> room_of("lmer"), room_of("plot_qq")
    ('fits', 'plots')
    """
    return getattr(mlmkit, name).__module__.split(".")[1]


def write_reference(folder: Path, pictures: dict[str, str]) -> None:
    """Write the pages about the library.

    Parameters
    ----------
    folder : Path
        Where they go: ``index.rst``, and a page for each name.
    pictures : dict of str
        The description in words of each plot that has a picture in ``gallery/``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.rst").write_text(_index(), encoding="utf-8")
    for name in mlmkit.__all__:
        kind = "autoexception" if inspect.isclass(getattr(mlmkit, name)) else "autofunction"
        page = [name, "=" * len(name), "", f".. {kind}:: mlmkit.{name}", ""]
        if name in pictures:
            page += [f".. image:: /gallery/{name}.png", f"   :alt: {pictures[name]}", ""]
        (folder / f"{name}.rst").write_text("\n".join(page), encoding="utf-8")
    for name, (module, maker) in FITS.items():
        title = f"{name}: what {maker} give{'' if ' ' in maker else 's'}"
        page = [title, "=" * len(title), "", f".. autoclass:: {module}.{name}"]
        page += ["   :members:", "   :inherited-members:", ""]
        (folder / f"{name}.rst").write_text("\n".join(page), encoding="utf-8")


def _index() -> str:
    """List the names by room."""
    lines = [
        "Reference",
        "=========",
        "",
        "All names come from ``mlmkit`` itself: ``from mlmkit import lmer``.",
        "",
    ]
    lines += ["Every kind of fit speaks the same language; its page lists what it offers.", ""]
    lines += _table([f"{module}.{name}" for name, (module, _) in FITS.items()])
    for room, title in ROOMS.items():
        names = [name for name in mlmkit.__all__ if room_of(name) == room]
        lines += [title, "-" * len(title), "", *_table([f"mlmkit.{name}" for name in names])]
    pages = [*FITS, *mlmkit.__all__]
    return "\n".join([*lines, ".. toctree::", "   :hidden:", "", *(f"   {name}" for name in pages), ""])


def _table(names: list[str]) -> list[str]:
    return [".. autosummary::", "   :nosignatures:", "", *(f"   ~{name}" for name in names), ""]
