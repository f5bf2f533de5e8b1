# Lesson 10's pilot of the lecture's data: levels by lme4, ranks by rstanarm.
#   python -c "from mlmkit import load_seattle as s; s()[['zipcode','price','sqft_living']].to_csv('seattle.csv', index=False)"
#   Rscript capstone.R seattle.csv > capstone.json
suppressMessages({library(lme4); library(rstanarm); library(jsonlite)})

sales <- read.csv(commandArgs(trailingOnly = TRUE)[1], colClasses = c(zipcode = "character"))
sales$log_price <- log(sales$price)
sales$log_size <- log(sales$sqft_living / 2000)
place <- ave(seq_len(nrow(sales)), sales$zipcode, FUN = seq_along)
seen <- place <= 5 * as.integer(factor(sales$zipcode))
pilot <- sales[seen, ]
rest <- sales[!seen, ]

control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e5))
fit <- lmer(log_price ~ log_size + (1 | zipcode), pilot, control = control)
off <- rest$log_price - predict(fit, rest)
rmse <- function(model) sqrt(mean((rest$log_price - predict(model, rest))^2))

draws <- as.matrix(stan_lmer(log_price ~ log_size + (1 | zipcode), pilot, chains = 4, iter = 6000, warmup = 1000,
                             seed = 10, refresh = 0, cores = 1))
zipcodes <- sort(unique(pilot$zipcode))
levels <- sapply(zipcodes, function(z) draws[, "(Intercept)"] + draws[, paste0("b[(Intercept) zipcode:", z, "]")])
ranks <- t(apply(levels, 1, rank))

cat(toJSON(list(
  pilot = nrow(pilot), rest = nrow(rest), prices = as.list(setNames(exp(coef(fit)$zipcode[zipcodes, 1]), zipcodes)),
  sigma = sigma(fit), sd_zipcode = as.data.frame(VarCorr(fit))$sdcor[1], slope = fixef(fit)[["log_size"]],
  inside = mean(abs(off) < 2 * sigma(fit)), inside_one = mean(abs(off) < sigma(fit)),
  rmse = list(complete = rmse(lm(log_price ~ log_size, pilot)), no = rmse(lm(log_price ~ log_size + zipcode, pilot)),
              partial = rmse(fit)),
  mean_rank = as.list(colMeans(ranks)), cheapest = as.list(colMeans(ranks == 1)),
  pair = mean(levels[, "98010"] < levels[, "98148"])
), auto_unbox = TRUE, digits = 10, pretty = TRUE), "\n")
