# Group-level predictors, for tests/lessons/test_07_group_level_predictors.py: Rscript group_level.R (in this folder).
# Every column is made here from the shipped tables. "rest" and "few" are those of the student ada.
suppressMessages(library(arm))

optimizer <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-7, maxfun = 1e5))
fitted_by <- function(formula, data) lmer(formula, data, control = optimizer)
sds <- function(fit) {
  table <- as.data.frame(VarCorr(fit))
  table <- table[is.na(table$var2), ]
  setNames(as.list(table$sdcor), paste(table$grp, ifelse(is.na(table$var1), "", table$var1)))
}
short <- function(fit) list(fixef = as.list(fixef(fit)), se = as.list(se.fixef(fit)), sd = sds(fit),
                            reml = REMLcrit(fit), deviance = deviance(refitML(fit)))

radon <- read.csv(gzfile("../../mlmkit/data/radon.csv.gz"))
measured <- exp(radon$log_radon) - 0.1
radon$y <- log(ifelse(measured < 0.05, 0.1, measured))  # Gelman and Hill's: log(0.1) where there was none
radon$floor_mean <- ave(radon$floor, radon$county)
radon$floor_within <- radon$floor - radon$floor_mean
without <- fitted_by(y ~ floor + (1 | county), radon)
with_u <- fitted_by(y ~ floor + log_uranium + (1 | county), radon)
u <- tapply(radon$log_uranium, radon$county, mean)
level <- coef(without)$county[names(u), "(Intercept)"]
at <- data.frame(county = names(u), floor = 0, log_uranium = as.numeric(u))

sales <- read.csv(gzfile("../../mlmkit/data/king_county.csv.gz"), colClasses = c(zipcode = "character"))
sales$size <- sales$sqft_living / 1000 - 2
sales$mean_size <- ave(sales$size, sales$zipcode)
sales$within <- sales$size - sales$mean_size
north <- 69 * (ave(sales$lat, sales$zipcode) - 47.61)
east <- 46.5 * (ave(sales$long, sales$zipcode) + 122.33)
sales$miles <- sqrt(north^2 + east^2)
ada <- scan("group_level_ada.txt", "", quiet = TRUE)
rest <- sales[!sales$zipcode %in% ada, ]
few <- rest[ave(rest$price, rest$zipcode, FUN = seq_along) <= 5, ]
models <- list(
  size = price ~ size + (1 | zipcode),
  line = price ~ size + miles + (1 | zipcode),
  slopes = price ~ within + mean_size + (1 | zipcode),
  group_mean = price ~ within + (1 | zipcode),
  held = price ~ within * miles + (1 | zipcode),
  varying = price ~ within * miles + (1 + within | zipcode),
  crossed = price ~ size + (1 | zipcode) + (1 | grade))
all_of <- function(data) lapply(models, function(formula) short(fitted_by(formula, data)))
few_line <- fitted_by(models$line, few)
places <- tapply(few$miles, few$zipcode, mean)
of_few <- predict(few_line, data.frame(zipcode = names(places), size = 0, miles = as.numeric(places)))

number <- function(x) if (is.list(x)) paste0("{", paste0('"', names(x), '": ', sapply(x, number), collapse = ", "), "}") else
  sprintf("%.12g", x)
cat(number(list(
  radon = list(
    without = short(without), with = short(with_u),
    by_soil = short(fitted_by(y ~ floor * log_uranium + (1 + floor | county), radon)),
    floors = short(fitted_by(y ~ floor_within + floor_mean + (1 | county), radon)),
    ordinary_se = as.list(summary(lm(y ~ floor + log_uranium, radon))$coef[, 2]),
    two_steps = as.numeric(coef(lm(level ~ u))[2]),
    levels = as.list(setNames(predict(with_u, at), names(u)))),
  county = all_of(sales), rest = all_of(rest), few = all_of(few)[c("size", "line")],
  few_levels = as.list(setNames(of_few, names(places))),
  ordinary_miles_se = summary(lm(price ~ size + miles, rest))$coef["miles", 2])),
  "\n", file = "group_level.json")
