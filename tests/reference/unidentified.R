# lme4's criterion at two covariance matrices of the same model: is it the same, so that nothing tells them apart?
# Run in this folder: Rscript unidentified.R
suppressMessages({library(lme4); library(jsonlite)})

sleep <- read.csv("sleepstudy.csv")
sleep$Subject <- factor(sleep$Subject)
sleep$again <- factor(paste0("s", sleep$Subject))
sleep$third <- factor(c("a", "b", "c")[sleep$Days %% 3 + 1])
sleep$half <- factor(ifelse(sleep$Days < 5, "a", "b"))
sleep$sex <- factor(ifelse(as.integer(sleep$Subject) %% 2 == 0, "F", "M"))
sleep$z <- as.numeric(sleep$sex == "F") + 2
sleep$many <- as.integer(sleep$Subject) / 10

lower <- function(S) { L <- t(chol(S)); L[lower.tri(L, TRUE)] }
S3 <- matrix(c(1, .3, .2, .3, .8, .1, .2, .1, .9), 3)
S2 <- function(a, b, c) matrix(c(a, b, b, c), 2)

models <- list(
  dummies = list("Reaction ~ Days + Subject + (1 | Subject)", 0.3, 2),
  same_groups = list("Reaction ~ Days + (1 | Subject) + (1 | again)", c(1, sqrt(0.5)), c(0.1, sqrt(1.49))),
  nested_same = list("Reaction ~ Days + (1 | Subject/sex)", c(1, sqrt(0.5)), c(0.1, sqrt(1.49))),
  factor_bars = list("Reaction ~ Days + (half || Subject)",
    c(sqrt(0.5), lower(S2(1, .3, .8))), c(sqrt(0.2), lower(S2(1, .3, .8) + 0.3))),
  one_effect_each = list("Reaction ~ Days + (0 + sex | Subject)", lower(S2(1, 0, 2)), lower(S2(1, 0.9, 2))),
  # z is 2 or 3, the variances there are s + 4 c + 4 v and s + 6 c + 9 v: (6, -2.5, 1) changes neither
  two_values = list("Reaction ~ Days + (1 + z | Subject)",
    lower(S2(6, -1, 0.5)), lower(S2(6 + 3, -1 - 1.25, 0.5 + 0.5))),
  # and some where the data do tell
  one_factor = list("Reaction ~ Days + (1 | Subject)", 0.3, 2),
  two_factors = list("Reaction ~ Days + (1 | Subject) + (1 | third)", c(1, sqrt(0.5)), c(0.1, sqrt(1.49))),
  factor_alone = list("Reaction ~ Days + (0 + third | Subject)", lower(S3), lower(S3 + 0.3)),
  slopes = list("Reaction ~ Days + (1 + Days | Subject)", lower(S2(1, 0, 0.1)), lower(S2(1, 0.2, 0.1))),
  many_values = list("Reaction ~ Days + (1 + many | Subject)",
    lower(S2(6, -1, 0.5)), lower(S2(6 + 3, -1 - 1.25, 0.5 + 0.5)))
)

result <- lapply(models, function(model) {
  formula <- as.formula(model[[1]])
  control <- lmerControl(check.conv.grad = "ignore", check.conv.hess = "ignore", check.conv.singular = "ignore")
  out <- list(formula = model[[1]])
  for (reml in c(TRUE, FALSE)) {
    deviance <- suppressMessages(lmer(formula, sleep, REML = reml, devFunOnly = TRUE, control = control))
    fit <- suppressMessages(lmer(formula, sleep, REML = reml, control = control))
    out[[if (reml) "REML" else "ML"]] <- list(
      there = deviance(model[[2]]), elsewhere = deviance(model[[3]]),
      lowest = unname(if (reml) REMLcrit(fit) else deviance(getME(fit, "theta"))))
  }
  told <- character()
  withCallingHandlers(lmer(formula, sleep),
    warning = function(w) { told <<- c(told, conditionMessage(w)); invokeRestart("muffleWarning") },
    message = function(m) { told <<- c(told, conditionMessage(m)); invokeRestart("muffleMessage") })
  out$lme4_says <- I(trimws(told))
  out
})
write_json(result, "unidentified.json", auto_unbox = TRUE, digits = 12, pretty = TRUE)
