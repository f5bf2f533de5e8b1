"""What a cell may be written with, so that `grader.sandbox.commute` knows what it does: lists of names.

Whoever adds a name promises: it changes no option, no random numbers of everybody's, no file, no library, and
of the objects that it is given none, unless the list says so. A name that means two things is on no list.
"""

from __future__ import annotations

import builtins

import mlmkit


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Modules that change nothing of others when they are imported.
LIBRARIES = _words("""
    arviz_stats collections functools itertools math matplotlib mlmkit numpy pandas pymc scipy seaborn
    statistics statsmodels textwrap
""")
# Their parts that are modules.
MODULES = _words("""
    base formula linalg optimize pyplot random smf special stats
""")
# Of Python.
BUILTINS = _words(
    """
    Ellipsis NotImplemented __name__ abs all any bool dict divmod enumerate filter float format frozenset
    int isinstance len list map max min pow print range repr reversed round set sorted str sum tuple type
    zip
"""
) | {
    name for name, thing in vars(builtins).items() if isinstance(thing, type) and issubclass(thing, Exception)
}
# Functions and methods that give a new object, which nobody else holds, and change none.
NEW = _words("""
    DataFrame FuncFormatter Index MaxNLocator Series StrMethodFormatter abs add_categories add_suffix
    arange array assign astype bincount ceil clip combine concat concatenate copy corr corrcoef count cov
    cumcount cumsum cut default_rng describe diag diagnostics diff div dot drop dropna exp expanding eye
    fillna filter floor full get_dummies groupby head hypot interp isin isna issubset linspace log log10
    log1p logaddexp logspace map maximum mean median melt merge minimum mul nlargest notna nsmallest
    nunique ones outer percentile pivot pivot_table polyfit posterior_linpred posterior_predict
    predict_draws prior_only qcut quantile rank refitted reindex remove_unused_categories rename
    rename_axis reorder_categories repeat replace reset_index rolling round sample sem set_axis set_index
    sign solve sort_index sort_values sqrt stack std sub subplots summary tail tile to_dict to_frame
    to_list tolist transform unique unstack value_counts var where zeros
""")
# What gives a value, or a look at a part of an object, and changes none.
LOOK = _words("""
    GLM GLS MixedLM OLS T WLS add_subplot agg aggregate aic alpha api apply argmax argmin argsort
    array_stats asarray attrs average beta between bfill bic binom bse bse_fe by_group by_row cat
    categories cdf chi2 codes coef columns conf_int confint converged cov_re criterion default_rng
    deviance df_resid draws dtype dtypes elpd empty ends endswith eq ess expit expon f_oneway fe_params
    fevals figure first fit fitted fittedvalues fixef format formula from_formula fun gamma gaussian_kde
    ge get glance glm gls gt hide icc idxmax idxmin iloc index inf is_singular isfinite isnan item items
    iterrows itertuples join keys kurtosis last le lexsort linalg loc logit loglik logpdf lower lstrip lt
    math max message messages min minimize minimize_scalar mixedlm mod name nan nbinom nct ndim ne newaxis
    ngrps nobs norm npar ols optimize params pareto_k pdf pi plt pmf poisson pow power ppf predict
    prior_summary prod ptp pvalue pvalues pyplot random random_effects ranef ravel removeprefix
    removesuffix reshape resid rhat rsplit rstrip scale sd se se_coef se_fixef se_ranef searchsorted sf
    shape shrinkage sigma size skew slice smf special split splitlines squeeze startswith stats
    statsmodels std_err str str_repr strip style success sum summary t t_test tau theta tidy title
    to_numpy to_string tvalues upper values varcorr wls x xaxis yaxis zfill
""")
# Of PyMC: a new model, in a `with`, and what is put into it.
MODEL = "Model"
INTO_MODEL = "Deterministic"  # a third argument would be another model
LOOK |= _words("""
    Bernoulli Deterministic Exponential HalfCauchy HalfNormal Model Normal Poisson free_RVs to_pymc
""")
# Columns of the shipped tables.
COLUMNS = _words("""
    bathrooms bedrooms condition county floor floors grade id lat log_radon long month price radon
    scale_sqft sqft_living uranium view waterfront yr_built zipcode
""")
# Methods that change their object, and nothing else.
CHANGE = _words("""
    add annotate append axhline axhspan axline axvline bar barh errorbar extend fill fill_between hist
    imshow insert invert_xaxis invert_yaxis legend minorticks_off plot scatter semilogx set
    set_major_formatter set_major_locator set_minor_formatter set_minor_locator set_title set_xlabel
    set_xlim set_xscale set_xticks set_ylabel set_ylim set_yscale set_yticks text update
""")
# Methods of random generators, which change these; in a module, of the one that all code shares.
DRAW = _words("""
    binomial chisquare choice exponential integers normal permutation poisson random rvs shuffle
    standard_normal standard_t uniform
""")
# Of these, what changes its arguments; what makes a generator, of a number; arguments that may be one.
SHUFFLE, GENERATOR = "shuffle", "default_rng"
GENERATOR_WORDS = _words("random_state rng seed")
# Of matplotlib.pyplot: what changes the figure that a cell draws.
FIGURE = _words("""
    axhline axvline bar grid hist legend plot scatter show tight_layout title xlabel xlim ylabel ylim
""")
# Functions of modules that give something new, though methods of these names change their object.
OF_MODULES = _words("""
    append fill insert
""")
# Functions of mlmkit that note something for the session, or read that. Their order among themselves stays.
NOTES = {"check", "check_all", "hint", "regrade", "set_alt_text", "shrinkage_slider"}
NOTES |= {name for name in mlmkit.__all__ if name.endswith("_for") and name != "zipcodes_for"}
FITS = set(mlmkit.__all__) - NOTES
# Those of its functions whose results are new objects, with no part of somebody else's.
MADE_BY_US = {name for name in mlmkit.__all__ if name.startswith(("load_", "plot_")) or name.endswith("_for")}
MADE_BY_US |= {"lmer", "glmer", "complete_pooling", "no_pooling", "simulate_data"}
# What gives other numbers each time, unless this argument tells it where to begin.
SEEDS = dict.fromkeys(
    _words("""
    bootstrap posterior_linpred posterior_predict power predict_draws prior_only sim simulate_data
    stan_glm stan_glmer stan_lmer
"""),
    "seed",
) | {"sample": "random_state"}
# From which place on an argument may be that, without its name; for methods, whose object isn't counted.
SEED_PLACES = {GENERATOR: 0, "bootstrap": 3, "predict_draws": 4, "prior_only": 1, "sample": 4, "sim": 1}
# Arguments that let a function change what it was given, or give that back; None is **.
IN_PLACE = {"copy", "inplace", "model", "out", "file", "where", None}
# Of these, what means nothing to a function of the notebook itself.
OF_OTHERS = {"model", None}
# What a formula may call.
FORMULA_CALLS = _words("""
    C I center exp factor log log10 log1p log2 np.log poly scale sqrt
""")
# Methods that call another method by its name, and what they may be given without passing it on to that.
BY_NAME = _words("agg aggregate apply transform")
BY_NAME_WITH = _words("axis include_groups observed raw result_type")
# Iterators, which whoever reads them empties, and what reads them to their end where it stands.
ONCE, ONCE_METHODS = _words("enumerate filter map reversed zip"), _words("iterrows itertuples")
TAKES_ALL = _words("all any concat dict enumerate join len list max min set sorted sum tuple zip")
