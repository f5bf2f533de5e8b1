# Multilevel regression and poststratification of lesson 11's bad sample, from the county's sales.
#   python -c "from mlmkit import load_king_county as k; k()[['zipcode','price','sqft_living']].to_csv('county.csv', index=False)"
#   Rscript mrp.R county.csv > mrp.json
suppressMessages(library(lme4))
library(jsonlite)

county <- read.csv(commandArgs(trailingOnly = TRUE)[1], colClasses = c(zipcode = "character"))
classes <- c("small", "medium", "large", "very large")
county$size <- cut(county$sqft_living, c(0, 1500, 2500, 3500, 20000), labels = classes)
steps <- c(small = 200, medium = 100, large = 40, `very large` = 10)
place <- ave(seq_len(nrow(county)), county$size, FUN = seq_along) - 1
sample <- county[place %% steps[as.character(county$size)] == 0, ]

cells <- as.data.frame(table(zipcode = county$zipcode, size = county$size), responseName = "houses")
cells$zipcode <- as.character(cells$zipcode)
poststratify <- function(predicted)
  tapply(predicted * cells$houses, cells$zipcode, sum) / tapply(cells$houses, cells$zipcode, sum)

control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e5))
dollars <- lmer(price ~ size + (1 | zipcode), sample, control = control)
logs <- lmer(log(price) ~ size + (1 | zipcode), sample, control = control)
of_dollars <- poststratify(predict(dollars, cells, allow.new.levels = TRUE))
of_logs <- poststratify(exp(predict(logs, cells, allow.new.levels = TRUE) + sigma(logs)^2 / 2))
share <- prop.table(table(county$size))
by_class <- tapply(sample$price, sample$size, mean)

cat(toJSON(list(
  sales = nrow(sample),
  raw = mean(sample$price), weighted = sum(share * by_class[names(share)]),
  fixef = as.list(fixef(dollars)), sd_zipcode = as.data.frame(VarCorr(dollars))$sdcor[1], sigma = sigma(dollars),
  log_sigma = sigma(logs), dollars = as.list(of_dollars), logs = as.list(of_logs)
), auto_unbox = TRUE, digits = 10, pretty = TRUE), "\n")
