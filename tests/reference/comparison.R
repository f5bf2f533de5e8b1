# What rstanarm and loo say of the models of lesson 6: elpd, differences, their errors, a stacking weight.
# The lecture's sales: python -c "import mlmkit; mlmkit.load_seattle().to_csv('/tmp/seattle.csv')"
# Rscript comparison.R /tmp/seattle.csv writes comparison.json; Stan takes two minutes.
suppressMessages({library(rstanarm); library(loo); library(jsonlite)})
options(mc.cores = 1)
fitted <- function(fit) suppressWarnings(loo(fit))
told <- function(one) list(elpd = one$estimates["elpd_loo", 1], se = one$estimates["elpd_loo", 2],
                           p = one$estimates["p_loo", 1], worst_k = max(one$diagnostics$pareto_k))
between <- function(one, two) {
  d <- one$pointwise[, "elpd_loo"] - two$pointwise[, "elpd_loo"]
  found <- loo_compare(list(one = one, two = two))
  list(difference = sum(d), se = found[2, "se_diff"])
}
drawn <- list(chains = 2, iter = 1000, seed = 1, refresh = 0)
lmer_of <- function(formula, data) fitted(do.call(stan_lmer, c(list(formula, data), drawn)))

data(radon, package = "rstanarm")
radon$county <- factor(radon$county)
complete <- fitted(do.call(stan_glm, c(list(log_radon ~ floor, data = radon), drawn)))
partial <- lmer_of(log_radon ~ floor + (1 | county), radon)
varying <- lmer_of(log_radon ~ floor + (1 + floor | county), radon)
lpd <- cbind(partial$pointwise[, "elpd_loo"], varying$pointwise[, "elpd_loo"])
radon_told <- list(complete = told(complete), partial = told(partial), varying = told(varying),
                   partial_varying = between(partial, varying), partial_complete = between(partial, complete),
                   stacking = unname(stacking_weights(lpd))[1])

seattle <- read.csv(commandArgs(trailingOnly = TRUE)[1])
seattle$zipcode <- factor(seattle$zipcode)
seattle$log_price <- log(seattle$price)
logs <- lmer_of(log_price ~ (1 | zipcode), seattle)
size <- lmer_of(log_price ~ scale_sqft + (1 | zipcode), seattle)
slopes <- lmer_of(log_price ~ scale_sqft + (1 + scale_sqft | zipcode), seattle)
seattle_told <- list(logs = told(logs), size = told(size), slopes = told(slopes), slopes_size = between(slopes, size))
write(toJSON(list(radon = radon_told, seattle = seattle_told), digits = 8, auto_unbox = TRUE), "comparison.json")
