# Long runs of rstanarm on Gaussian models with several grouping factors.
# Three varying terms are no reference: from the third row of a covariance on, rstanarm 2.21.3 scales the entries beside
# the diagonal by the standard deviation of the row before (make_theta_L), so its prior is not decov as documented.
# Rscript rstanarm_crossed.R > rstanarm_crossed.json      (from this folder; about half an hour)
suppressMessages({library(rstanarm); library(jsonlite)})
options(mc.cores = 1)
models <- list(
  list(data = "Pastes", formula = "strength ~ (1 | batch) + (1 | sample)"),
  list(data = "Penicillin", formula = "diameter ~ (1 | plate) + (1 | sample)"),
  list(data = "Machines", formula = "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)")
)
run <- function(model) {
  d <- read.csv(paste0(model$data, ".csv"))
  fit <- stan_lmer(as.formula(model$formula), data = d, chains = 4, iter = 6000, warmup = 1000,
                   adapt_delta = 0.99, seed = 20, refresh = 0)
  draws <- as.array(fit)
  figures <- lapply(setNames(nm = dimnames(draws)$parameters), function(name) {
    one <- draws[, , name]
    list(mean = mean(one), sd = sd(one), median = median(one), n_eff = posterior::ess_bulk(one),
         rhat = posterior::rhat(one))
  })
  list(data = model$data, formula = model$formula, divergent = sum(rstan::get_divergent_iterations(fit$stanfit)),
       figures = figures)
}
cat(toJSON(lapply(models, run), auto_unbox = TRUE, digits = 8, pretty = TRUE))
