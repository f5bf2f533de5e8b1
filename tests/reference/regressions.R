# Regressions without random effects, for tests/mlmkit/test_pooling.py: Rscript regressions.R (in this folder).
suppressMessages(library(arm))
short <- function(fit) list(
  coef = as.list(coef(fit)), se = as.list(se.coef(fit)), loglik = as.numeric(logLik(fit)), aic = AIC(fit),
  bic = BIC(fit), deviance = deviance(fit), df = df.residual(fit), text = capture.output(display(fit)),
  confint = apply(if (inherits(fit, "glm")) confint.default(fit) else confint(fit), 1, as.list))
cbpp <- read.csv("cbpp.csv", colClasses = c(herd = "character", period = "character"))
sleep <- read.csv("sleepstudy.csv", colClasses = c(Subject = "character"))
made <- read.csv("simulated.csv")
fits <- list(
  complete = lm(Reaction ~ Days, sleep),
  none = lm(Reaction ~ Subject - 1 + Days, sleep),
  none_slopes = lm(Reaction ~ Subject - 1 + Subject:Days, sleep),
  binomial = glm(cbind(incidence, size - incidence) ~ period, binomial, cbpp),
  binomial_none = glm(cbind(incidence, size - incidence) ~ herd + period - 1, binomial,
                      subset(cbpp, !herd %in% c("12"))),
  poisson = glm(incidence ~ period + offset(log(size)), poisson, cbpp))
number <- function(x) if (is.list(x)) paste0("{", paste0('"', names(x), '": ', sapply(x, number), collapse = ", "), "}") else
  if (is.character(x)) paste0("[", paste0('"', gsub('"', "'", x), '"', collapse = ", "), "]") else sprintf("%.15g", x)
cat(number(lapply(fits, short)), "\n", file = "regressions.json")
