"""From a formula and a data frame to columns, grouping factors and an outcome: R's model.frame."""
