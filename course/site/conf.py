"""Sphinx's settings for the site. `make site` copies this folder, adds the other pages, and builds them."""

import mlmkit
from grader.pages.mathml import mathml
from mlmkit.inference.ask import Absent

project = "Hierarchical models"
author = "the authors of the course"
version = release = mlmkit.__version__
copyright = "code: BSD-3-Clause; text: CC BY 4.0"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
extensions += ["sphinx.ext.githubpages"]  # tells GitHub Pages to serve the folder as it is
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb", ".rst": "restructuredtext"}
nb_execution_mode = "off"  # the lessons come with what they showed
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 4
myst_dmath_double_inline = True

autosummary_generate = False
autodoc_member_order = "groupwise"
autodoc_typehints = "none"  # the docstrings say them in words
napoleon_google_docstring = False
napoleon_use_rtype = False
default_role = "py:obj"
add_module_names = False
python_use_unqualified_type_names = True

html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_copy_source = False
html_show_sourcelink = False
html_sidebars = {"index": [], "gallery": []}
html_context = {"default_mode": "light"}  # the pictures have a white ground
html_math_renderer = "mathml"
html_theme_options = {
    "navbar_end": [],  # no switch to a dark page
    "navbar_persistent": ["search-button-field"],
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "header_links_before_dropdown": 8,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
}


def _formula(self, node):
    """Write a formula on a line of its own as MathML, which browsers draw without help."""
    self.body.append(f'<div class="formula">{mathml(node.astext(), block=True)}</div>')
    node.clear()  # else its text would follow


def _formula_in_a_line(self, node):
    self.body.append(mathml(node.astext()))
    node.clear()


def _nothing(self, node):
    """End a formula: all is written."""


def _leave_out(app, what, name, thing, skip, options):
    """Leave out what a kind of fit has only to say that it can't have it."""
    return True if isinstance(thing, Absent) else None


def _name_in_a_docstring(app, env, node, contnode):
    """Lead from a public name to its page; a name without one, such as a type, stays as it is."""
    if node["reftype"] not in ("obj", "class", "exc", "func"):
        return None
    name, place = node["reftarget"].rpartition(".")[2], (env, node["refdoc"], app.builder)
    if name not in mlmkit.__all__:
        return contnode
    return env.get_domain("py").resolve_xref(*place, "obj", f"mlmkit.{name}", node, contnode)


def setup(app):
    """Tell Sphinx about the formulas and the names."""
    app.add_html_math_renderer("mathml", (_formula_in_a_line, _nothing), (_formula, _nothing))
    app.connect("autodoc-skip-member", _leave_out)
    app.connect("missing-reference", _name_in_a_docstring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
