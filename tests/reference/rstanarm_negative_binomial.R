# Long runs of rstanarm on counts that vary more than Poisson counts, with its default priors.
# Rscript rstanarm_negative_binomial.R > rstanarm_negative_binomial.json      (from this folder; about ten minutes)
suppressMessages({library(rstanarm); library(jsonlite); library(loo)})
options(mc.cores = 1)
models <- list(
  grouseticks = "TICKS ~ cHEIGHT + (1 | BROOD)",
  epil = "y ~ trt + lbase + (1 | subject)"
)
run <- function(name) {
  d <- read.csv(paste0(name, ".csv"))
  fit <- stan_glmer(as.formula(models[[name]]), data = d, family = neg_binomial_2, chains = 4, iter = 6000,
                    warmup = 1000, seed = 20, refresh = 0)
  draws <- as.array(fit)
  figures <- lapply(setNames(nm = dimnames(draws)$parameters), function(one) {
    one <- draws[, , one]
    list(mean = mean(one), sd = sd(one), median = median(one), n_eff = posterior::ess_bulk(one))
  })
  found <- suppressWarnings(loo(fit))
  priors <- prior_summary(fit)
  list(formula = models[[name]], figures = figures, elpd = found$estimates["elpd_loo", ],
       aux = priors$prior_aux[c("dist", "rate", "adjusted_scale")],
       log_lik = log_lik(fit)[1:2, 1:5], first = as.matrix(fit)[1:2, ])
}
cat(toJSON(lapply(setNames(nm = names(models)), run), auto_unbox = TRUE, digits = 8, pretty = TRUE))
