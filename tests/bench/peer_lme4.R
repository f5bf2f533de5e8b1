# Time lme4. Usage: Rscript peer_lme4.R FILE FORMULA FAMILY REPEATS GROUP_COLUMNS
# Prints the fastest time in milliseconds and the deviance (REML criterion for linear models).
suppressMessages(library(lme4))
given <- commandArgs(trailingOnly = TRUE)
data <- read.csv(given[1])
for (name in strsplit(given[5], ",")[[1]]) data[[name]] <- factor(data[[name]])
formula <- as.formula(given[2])
fit <- function() {
  if (given[3] == "gaussian") lmer(formula, data) else glmer(formula, data, family = given[3])
}
times <- numeric(0)
clock <- if (Sys.getenv("MLMKIT_BENCH_CLOCK") == "cpu") "user.self" else "elapsed"
for (i in seq_len(as.integer(given[4]))) {
  start <- proc.time()[[clock]]
  fitted <- suppressMessages(suppressWarnings(fit()))
  times <- c(times, proc.time()[[clock]] - start)
}
cat(sprintf("%.3f %.6f\n", 1000 * min(times), -2 * as.numeric(logLik(fitted))))
