# Degrees of freedom, t tests and F tests by lmerTest: Rscript lmertest.R seattle.csv > lmertest.json
# seattle.csv is load_seattle().to_csv("seattle.csv", index=False). Needs lme4, lmerTest, nlme, jsonlite.
suppressMessages({library(lme4); library(lmerTest); library(jsonlite)})

here <- function(name) read.csv(paste0(name, ".csv"), stringsAsFactors = TRUE)
seattle <- read.csv(commandArgs(TRUE)[1], colClasses = c(zipcode = "factor"))
sleepstudy <- here("sleepstudy")
sleepstudy$Subject <- factor(sleepstudy$Subject)
sleepstudy$flat <- ave(sleepstudy$Reaction, sleepstudy$Subject, FUN = function(y) y - mean(y)) # no intercepts left
sleepstudy$w <- 1 + sleepstudy$Days
cake <- as.data.frame(lme4::cake)
cake$recipe <- factor(as.character(cake$recipe))
cake$replicate <- factor(as.integer(as.character(cake$replicate)))
cake$warm <- (cake$temp - 200) / 10 # lme4 gets stuck on uncentred temperatures
machines <- data.frame(Worker = as.character(nlme::Machines$Worker),
                       Machine = as.character(nlme::Machines$Machine), score = nlme::Machines$score)
write.csv(cake[, c("replicate", "recipe", "warm", "angle")], "cake.csv", row.names = FALSE)
write.csv(machines, "Machines.csv", row.names = FALSE)

# lme4 stops early. Newton steps go on to the optimum where that isn't on the edge; see README.md.
tight <- lmerControl(optimizer = "nloptwrap", calc.derivs = FALSE, check.conv.singular = "ignore",
                     optCtrl = list(xtol_abs = 1e-10, ftol_abs = 1e-10, maxeval = 1e5))
at_the_optimum <- function(formula, frame, reml) {
  fit <- lme4::lmer(formula, frame, REML = reml, control = tight, weights = weight)
  parts <- lFormula(formula, frame, REML = reml, weights = weight)
  deviance <- do.call(mkLmerDevfun, parts)
  theta <- getME(fit, "theta")
  if (!isSingular(fit)) for (step in 1:8) {
    g <- numDeriv::grad(deviance, theta)
    theta <- theta - solve(numDeriv::hessian(deviance, theta), g)
  }
  opt <- list(par = theta, fval = deviance(theta), conv = 0, message = "")
  fit <- mkMerMod(environment(deviance), opt, parts$reTrms, fr = parts$fr, mc = fit@call)
  lmerTest:::as_lmerModLT(fit, deviance)
}
models <- list(
  sleep_reml = list(Reaction ~ Days + (Days | Subject), "sleepstudy", TRUE),
  sleep_ml = list(Reaction ~ Days + (Days | Subject), "sleepstudy", FALSE),
  sleep_uncorrelated = list(Reaction ~ Days + (Days || Subject), "sleepstudy", TRUE),
  sleep_weighted = list(Reaction ~ Days + (Days | Subject), "sleepstudy", TRUE, "w"),
  sleep_singular = list(flat ~ Days + (1 | Subject), "sleepstudy", TRUE),
  sleep_one_direction = list(flat ~ Days + (Days | Subject), "sleepstudy", TRUE),
  penicillin = list(diameter ~ 1 + (1 | plate) + (1 | sample), "Penicillin", TRUE),
  pastes = list(strength ~ 1 + (1 | batch / cask), "Pastes", TRUE),
  cake = list(angle ~ recipe + warm + (1 + warm | replicate), "cake", TRUE),
  cake_interaction = list(angle ~ recipe * warm + (1 | recipe:replicate), "cake", TRUE),
  machines = list(score ~ Machine + (1 | Worker) + (1 | Worker:Machine), "Machines", TRUE),
  machines_slopes = list(score ~ Machine + (Machine | Worker), "Machines", TRUE),
  seattle_mean = list(price ~ 1 + (1 | zipcode), "seattle", TRUE),
  seattle_slopes = list(price ~ scale_sqft + (1 + scale_sqft | zipcode), "seattle", TRUE))
data <- list(sleepstudy = sleepstudy, Penicillin = here("Penicillin"), Pastes = here("Pastes"), cake = cake,
             Machines = machines, seattle = seattle)

found <- lapply(models, function(model) {
  frame <- data[[model[[2]]]]
  if (length(model) > 3) frame$weight <- frame[[model[[4]]]] else frame$weight <- 1
  fit <- suppressMessages(at_the_optimum(model[[1]], frame, model[[3]]))
  coefs <- coef(summary(fit))
  # Type III is for R's sum-to-zero contrasts; "marginal" tests the columns as they are coded.
  tests <- anova(fit, type = "III")
  marginal <- anova(fit, type = "marginal")
  as_list <- function(table) {
    names(table) <- c("sumsq", "meansq", "numdf", "dendf", "f", "p")
    lapply(c(list(term = rownames(table)), as.list(as.data.frame(table))), I)
  }
  list(formula = paste(deparse(model[[1]], width.cutoff = 500), collapse = ""), data = model[[2]],
       reml = model[[3]], weights = if (length(model) > 3) model[[4]] else "none",
       term = I(rownames(coefs)), estimate = I(unname(coefs[, "Estimate"])),
       se = I(unname(coefs[, "Std. Error"])), df = I(unname(coefs[, "df"])),
       t = I(unname(coefs[, "t value"])), p = I(unname(coefs[, "Pr(>|t|)"])),
       type3 = as_list(tests), marginal = as_list(marginal))
})
cat(toJSON(found, digits = NA, auto_unbox = TRUE, pretty = 1))
