# What R says about the simulations of lesson 9: lme4, RLRsim, stats.
#   Rscript simulation.R seattle.csv     (the lecture's 869 sales; writes simulation.json here)
suppressMessages({library(lme4); library(RLRsim); library(jsonlite)})
homes <- read.csv(commandArgs(TRUE)[1], colClasses = c(zipcode = "factor"))
first <- function(n) do.call(rbind, lapply(split(homes, homes$zipcode), head, n))

# A variance at its edge: living areas, five sales in each zip code.
few <- first(5)
small <- lm(sqft_living ~ 1, few)
large <- lmer(sqft_living ~ (1 | zipcode), few, REML = FALSE)
ratio <- as.numeric(2 * (logLik(large) - logLik(small)))
set.seed(1)
exact <- exactLRT(large, small, nsim = 1e5)
null <- LRTSim(model.matrix(small), as.matrix(getME(large, "Z")), q = 0, sqrt.Sigma = diag(9), nsim = 1e5)
edge <- list(ratio = ratio, p_chisq = pchisq(ratio, 1, lower.tail = FALSE), p_exact = unname(exact$p.value),
             zero = mean(null < 1e-8), quantiles = unname(quantile(null, c(.75, .85, .9, .95, .975))),
             p_f = anova(lm(sqft_living ~ zipcode, few))[1, "Pr(>F)"])

# The parametric bootstrap: prices, ten sales in each zip code.
ten <- first(10)
fit <- lmer(price ~ (1 | zipcode), ten)
numbers <- function(fit) {
  sd <- as.data.frame(VarCorr(fit))$sdcor
  c(mean = unname(fixef(fit)), between = sd[1], within = sd[2], icc = sd[1]^2 / sum(sd^2))
}
boot <- bootMer(fit, numbers, nsim = 2000, seed = 2)
tails <- function(x) unname(quantile(x, c(.025, .05, .5, .95, .975)))
bootstrap <- list(estimate = as.list(numbers(fit)), icc = tails(boot$t[, "icc"]), between = tails(boot$t[, "between"]))

# Coverage and recovery: studies of nine zip codes, mean 7e5, sds 5e5 and 4.6e5.
set.seed(3)
code <- gl(9, 10)
found <- replicate(3000, {
  y <- 7e5 + rnorm(9, 0, 5e5)[code] + rnorm(90, 0, 4.6e5)
  fit <- suppressMessages(lmer(y ~ (1 | code)))
  c(fixef(fit), sqrt(vcov(fit)[1, 1]), as.data.frame(VarCorr(fit))$sdcor[1])
})
off <- abs(found[1, ] - 7e5)
coverage <- list(two = mean(off < 2 * found[2, ]), t = mean(off < qt(.975, 8) * found[2, ]),
                 studies = ncol(found), between_mean = mean(found[3, ]), between = tails(found[3, ]))

# Power of the t test of two kinds of zip codes.
power <- function(groups, size, difference)
  power.t.test(n = groups / 2, delta = difference, sd = sqrt(5e5^2 + 4.6e5^2 / size), strict = TRUE)$power
designs <- list(c(6, 10, 1.2e6), c(6, 20, 1.2e6), c(12, 10, 1.2e6), c(6, 100, 5e5), c(34, 10, 5e5), c(60, 10, 5e5))
powers <- lapply(designs, function(d) list(groups = d[1], size = d[2], difference = d[3], power = power(d[1], d[2], d[3])))

write_json(list(edge = edge, bootstrap = bootstrap, coverage = coverage, power = powers), "simulation.json",
           digits = 8, auto_unbox = TRUE, pretty = TRUE)
