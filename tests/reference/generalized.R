# Makes generalized.json: Poisson and negative binomial models, with the made-up data in it, and what R does with
# weights. Run in this folder: Rscript generalized.R
suppressMessages(library(lme4))
set.seed(20)
g <- rep(1:12, each = 10)
x <- round(rnorm(120), 3)
u <- rnorm(12, sd = 0.5)
v <- rnorm(12, sd = 0.2)
noise <- rnorm(120)
careful <- glmerControl(optCtrl = list(maxfun = 1e5), tolPwrss = 1e-10)
# lme4 stops with errors where offsets are far from zero (a constant offset only moves the intercept, so it is given
# centred ones) and where it can't halve its steps to a tolerance that large counts don't allow (then its own).
count_fit <- function(formula, data) {
  middle <- mean(data$away)
  data$away <- data$away - middle
  fit <- suppressWarnings(tryCatch(
    glmer(formula, data, poisson, control = careful),
    error = function(failed) glmer(formula, data, poisson, control = glmerControl(optCtrl = list(maxfun = 1e5)))))
  fixed <- found(fit)
  fixed$fixef[["(Intercept)"]] <- fixed$fixef[["(Intercept)"]] - middle
  fixed
}
found <- function(fit) list(
  fixef = as.list(fixef(fit)), se = sqrt(diag(as.matrix(vcov(fit)))), theta = as.list(unname(getME(fit, "theta"))),
  criterion = -2 * as.numeric(logLik(fit)), npar = attr(logLik(fit), "df"), aic = AIC(fit), bic = BIC(fit))

# Counts, from a few to ten million; the rate is exp(level), the exposure exp(away).
levels <- list(
  disease = c(-4, log(5e6)), counts_1e5 = c(11.5, 0), counts_1e6 = c(14, 0), counts_1e7 = c(16, 0),
  away_below = c(25, -20), away_above = c(-15, 20), rare = c(-15, log(1e7)), small_rate = c(-18, 20))
counts <- lapply(levels, function(level) {
  away <- round(level[2] + if (level[2] > 15) 0.3 * noise else 0 * noise, 4)
  mean <- exp(level[1] + away + 0.3 * x + u[g])
  data <- data.frame(g, x, away, y = rpois(120, mean))
  fit <- count_fit(y ~ x + offset(away) + (1 | g), data)
  c(list(data = as.list(data)), fit)
})
counts$slopes_1e6 <- (function() {
  data <- data.frame(g, x, away = 0, y = rpois(120, exp(14 + 0.3 * x + u[g] + v[g] * x)))
  fit <- count_fit(y ~ x + offset(away) + (x | g), data)
  c(list(data = as.list(data)), fit)
})()

# Negative binomial: glmer.nb, then the size and everything else polished at once on glmer's own deviance.
size_of <- function(fit) getME(fit, "glmer.nb.theta")
# A tolerance of 1e-10 leaves up to 5e-6 in the deviance; with less, the search may fail. So the parameters come from
# a search with 1e-12, and the deviance there from one evaluation with 1e-14.
more_careful <- glmerControl(optCtrl = list(maxfun = 1e5), tolPwrss = 1e-12)
negative_binomial <- function(formula, data) {
  first <- suppressWarnings(suppressMessages(glmer.nb(formula, data, control = careful)))
  again <- function(log_size) suppressWarnings(glmer(
    formula, data, MASS::negative.binomial(exp(log_size)), control = more_careful,
    start = list(theta = getME(first, "theta"), fixef = fixef(first))))
  best <- optimize(function(s) -2 * as.numeric(logLik(again(s))), log(size_of(first)) + c(-0.5, 0.5), tol = 1e-6)
  fit <- again(best$minimum)
  exact <- glmer(formula, data, MASS::negative.binomial(exp(best$minimum)), devFunOnly = TRUE,
                 control = glmerControl(tolPwrss = 1e-14))
  held <- function(size) -2 * as.numeric(logLik(again(log(size))))
  c(found(first), list(
    size = size_of(first), best_size = exp(best$minimum), best_criterion = exact(c(getME(fit, "theta"), fixef(fit))),
    best_fixef = as.list(fixef(fit)), best_theta = as.list(unname(getME(fit, "theta"))), deviance = deviance(first),
    pearson = as.list(unname(resid(first, type = "pearson")[1:5])),
    deviance_residuals = as.list(unname(resid(first, type = "deviance")[1:5])),
    held = list("2.5" = held(2.5), "4.5" = held(4.5)),
    ranef = as.list(ranef(first)[[1]][1:5, 1])))
}
ticks <- data.frame(TICKS = grouseticks$TICKS, YEAR = as.character(grouseticks$YEAR), HEIGHT = grouseticks$HEIGHT,
                    cHEIGHT = grouseticks$cHEIGHT, BROOD = as.character(grouseticks$BROOD),
                    LOCATION = as.character(grouseticks$LOCATION))
epil <- data.frame(y = MASS::epil$y, trt = as.character(MASS::epil$trt), lbase = MASS::epil$lbase,
                   V4 = MASS::epil$V4, subject = MASS::epil$subject)
made <- read.csv("simulated.csv", stringsAsFactors = TRUE)
write.csv(ticks, "grouseticks.csv", row.names = FALSE)
write.csv(epil, "epil.csv", row.names = FALSE)
negative <- list(
  grouseticks = negative_binomial(TICKS ~ YEAR + cHEIGHT + (1 | BROOD), ticks),
  grouseticks_nested = negative_binomial(TICKS ~ YEAR + cHEIGHT + (1 | BROOD) + (1 | LOCATION), ticks),
  epil = negative_binomial(y ~ trt + lbase + (1 | subject), epil),
  epil_slopes = negative_binomial(y ~ trt + lbase + V4 + (1 + V4 | subject), epil))

# cbind(a, b) with weights: R multiplies the trials by them, and the log-likelihood by row too.
a <- c(2, 1, 0, 3, 4, 2); b <- c(1, 3, 2, 1, 0, 2); w <- c(1, 2, 3, 1, 2, 3); z <- c(0, 1, 2, 3, 4, 5)
weights <- list(
  plain = as.list(coef(glm(cbind(a, b) ~ z, binomial))),
  weighted = as.list(coef(glm(cbind(a, b) ~ z, binomial, weights = w))),
  multiplied = as.list(coef(glm(cbind(w * a, w * b) ~ z, binomial))),
  shares_warn = tryCatch({glm(a / 7 ~ z, binomial); ""}, warning = conditionMessage))
json <- jsonlite::toJSON(list(counts = counts, negative_binomial = negative, weights = weights),
                         digits = 12, auto_unbox = TRUE)
writeLines(json, "generalized.json")
