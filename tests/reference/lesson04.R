# Radon with a slope that varies by county, in lesson 4: Rscript lesson04.R radon.csv > lesson04.json
# radon.csv: load_radon().to_csv("radon.csv", index=False). R 4.2, lme4 1.1-31.
suppressPackageStartupMessages({library(lme4); library(jsonlite)})
radon <- read.csv(commandArgs(TRUE)[1])
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), calc.derivs = FALSE)
small <- radon[ave(radon$floor, radon$county, FUN = length) <= 5, ]
figures <- function(data) {
  fit <- lmer(log_radon ~ floor + (1 + floor | county), data, control = tight)
  between <- VarCorr(fit)$county
  list(rows = nrow(data), fixef = as.list(fixef(fit)), se = as.list(sqrt(diag(as.matrix(vcov(fit))))),
       sd = as.list(attr(between, "stddev")), corr = attr(between, "correlation")[1, 2], sigma = sigma(fit),
       singular = isSingular(fit),
       slope = as.list(setNames(coef(fit)$county$floor, rownames(coef(fit)$county))))
}
own <- sapply(split(radon, radon$county), function(d)  # a county needs houses on both floors
  if (length(unique(d$floor)) == 2) unname(diff(tapply(d$log_radon, d$floor, mean))) else NA)
writeLines(toJSON(list(all = figures(radon), small = suppressMessages(figures(small)), no_pooling = as.list(own)),
                  auto_unbox = TRUE, digits = 10, na = "null"))
