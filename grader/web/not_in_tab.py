"""The cells of the lessons that no browser can run: the front page lists them, and a test runs all others."""

# Lesson -> heading of the section -> number of cells. All of them need PyMC.
NOT_IN_TAB = {
    "06_bayesian_comparison": {"Eight schools": 1},
    "08_hierarchical_glms": {"The same question, Bayesian": 1},
    "10_capstone": {"Rank, with its uncertainty": 1},
    "11_bad_sample": {"How sure is it?": 1},
}
