"""Plan a study: make data from stated parameters, and see what a model finds in it."""
