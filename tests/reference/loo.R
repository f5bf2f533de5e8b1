# What R's loo says of log-likelihood matrices that Python can make again, and of rstanarm's sleepstudy.
# Rscript loo.R writes loo.json; the second part fits by Stan and takes a minute.
suppressMessages({library(loo); library(rstanarm); library(jsonlite)})
options(mc.cores = 1)

corput <- function(base, size) sapply(seq_len(size), function(i) {
  value <- 0; f <- 1 / base
  while (i > 0) { value <- value + f * (i %% base); i <- i %/% base; f <- f / base }
  value
})
S <- 2000
u <- qnorm(cbind(corput(2, S), corput(3, S), corput(5, S)))
x <- (1:20 - 10.5) / 6
y <- sin(1:20 * 1.7) + 0.5 * x; y[5] <- 4.5; y[17] <- -3
sigma <- exp(0.25 * u[, 2])
one <- sapply(1:20, function(i) dnorm(y[i], 0.3 * u[, 1], sigma, log = TRUE))
two <- sapply(1:20, function(i) dnorm(y[i], 0.3 * u[, 1] + (0.5 + 0.3 * u[, 3]) * x[i], sigma, log = TRUE))
told <- function(matrix, r_eff) {
  found <- suppressWarnings(loo(matrix, r_eff = rep(r_eff, 20)))
  list(elpd = found$estimates["elpd_loo", 1], se = found$estimates["elpd_loo", 2], p = found$estimates["p_loo", 1],
       by_row = found$pointwise[, "elpd_loo"], mcse = found$pointwise[, "mcse_elpd_loo"], k = found$diagnostics$pareto_k)
}
both <- suppressWarnings(loo_compare(list(one = loo(one, r_eff = rep(1, 20)), two = loo(two, r_eff = rep(1, 20)))))
matrices <- list(one = told(one, 1), two = told(two, 1), one_slow = told(one, 0.4),
                 compare = list(best = rownames(both)[1], elpd_diff = both[2, "elpd_diff"], se_diff = both[2, "se_diff"]))

data(sleepstudy, package = "lme4")
fit <- stan_lmer(Reaction ~ Days + (Days | Subject), sleepstudy, chains = 4, iter = 3000, seed = 1, refresh = 0)
plain <- suppressWarnings(loo(fit))
r2 <- bayes_R2(fit)
sleep <- list(by_row = plain$pointwise[, "elpd_loo"], k = plain$diagnostics$pareto_k, R2 = c(mean(r2), sd(r2)),
              interval = unname(predictive_interval(fit, 0.9, newdata = sleepstudy[c(1, 100), ], seed = 1)))
write(toJSON(list(matrices = matrices, sleepstudy = sleep), digits = 10, auto_unbox = TRUE), "loo.json")
