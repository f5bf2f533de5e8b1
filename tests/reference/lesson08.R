# Figures of lesson 08: Rscript lesson08.R seattle.csv > lesson08.json
# seattle.csv: load_seattle().to_csv("seattle.csv", index=False). R 4.2, lme4 1.1-31, rstanarm 2.21.3.
suppressPackageStartupMessages({library(lme4); library(rstanarm); library(jsonlite)})
options(mc.cores = 1)
sales <- read.csv(commandArgs(TRUE)[1], colClasses = c(zipcode = "character"))
sales$million <- as.integer(sales$price > 1e6)
sales$area <- (sales$sqft_living - 2000) / 1000
tight <- glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-8, maxfun = 1e5), tolPwrss = 1e-10)

figures <- function(fit) list(
  fixef = as.list(fixef(fit)),
  se = as.list(sqrt(diag(as.matrix(vcov(fit))))),
  sd = lapply(VarCorr(fit), function(v) sqrt(v[1, 1])),
  zipcode = as.list(setNames(coef(fit)$zipcode[["(Intercept)"]], rownames(coef(fit)$zipcode))),
  loglik = as.numeric(logLik(fit)))
binomial_fits <- list(
  plain = figures(glmer(million ~ (1 | zipcode), sales, binomial, control = tight)),
  area = figures(glmer(million ~ area + (1 | zipcode), sales, binomial, control = tight)))
none <- suppressWarnings(glm(million ~ 0 + zipcode, binomial, sales))
no_pooling <- list(coef = as.list(coef(none)), se = as.list(sqrt(diag(vcov(none)))))

# Averages over zip codes by integration, not by simulation.
area <- binomial_fits$area
population <- sapply(0:1, function(x) integrate(
  function(u) plogis(area$fixef[[1]] + area$fixef[[2]] * x + area$sd$zipcode * u) * dnorm(u), -9, 9,
  rel.tol = 1e-10)$value)

cells <- as.data.frame(table(zipcode = sales$zipcode, month = sales$month), responseName = "sales")
days <- c("2014-05" = 30, "2014-06" = 30, "2014-07" = 31, "2014-08" = 31, "2014-09" = 30, "2014-10" = 31,
          "2014-11" = 30, "2014-12" = 31, "2015-01" = 31, "2015-02" = 28, "2015-03" = 31, "2015-04" = 30,
          "2015-05" = 14)
cells$days <- days[as.character(cells$month)]
cells$busy <- as.integer(substr(cells$month, 6, 7) %in% c("04", "05", "06", "07"))
cells$cell <- seq_len(nrow(cells))
poisson_fit <- glmer(sales ~ busy + offset(log(days)) + (1 | zipcode), cells, poisson, control = tight)
by_month <- update(poisson_fit, . ~ . + (1 | month))
by_cell <- update(poisson_fit, . ~ . + (1 | cell))
nb <- suppressMessages(suppressWarnings(
  glmer.nb(sales ~ busy + offset(log(days)) + (1 | zipcode), cells, control = tight)))
counts <- list(
  poisson = figures(poisson_fit), month = figures(by_month), cell = figures(by_cell), nb = figures(nb),
  size = getME(nb, "glmer.nb.theta"), zeros = sum(cells$sales == 0),
  pearson = sum(residuals(poisson_fit, type = "pearson")^2) / df.residual(poisson_fit))

stan <- stan_glmer(million ~ (1 | zipcode), sales, family = binomial, chains = 4, iter = 6000, warmup = 1000,
                   seed = 1, refresh = 0)
draws <- as.matrix(stan)
effects <- grep("^b\\[", colnames(draws))
by_zipcode <- draws[, effects] + draws[, "(Intercept)"]
colnames(by_zipcode) <- sub(".*zipcode:(\\d+).*", "\\1", colnames(by_zipcode))
of <- function(x) as.list(quantile(x, c(0.05, 0.5, 0.95)))
rstanarm <- list(
  intercept = of(draws[, "(Intercept)"]), sd = of(sqrt(draws[, "Sigma[zipcode:(Intercept),(Intercept)]"])),
  log_odds = lapply(as.data.frame(by_zipcode), of),
  probability = lapply(as.data.frame(plogis(by_zipcode)), of),
  n_eff = as.list(summary(stan)[c("(Intercept)", "Sigma[zipcode:(Intercept),(Intercept)]"), "n_eff"]))
cat(toJSON(list(binomial = binomial_fits, no_pooling = no_pooling, population = population, counts = counts,
                rstanarm = rstanarm), auto_unbox = TRUE, digits = 10, pretty = TRUE), "\n")
