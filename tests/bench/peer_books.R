# Time rstanarm on one of the books' models: Rscript peer_books.R pastes|penicillin|machines
# Prints JSON: CPU seconds for the library and the posterior, and the smallest n_eff. One core, defaults.
start <- proc.time()[["user.self"]]
suppressMessages(library(rstanarm))
models <- list(
  pastes = list("strength ~ (1 | batch) + (1 | sample)", "Pastes"),
  penicillin = list("diameter ~ (1 | plate) + (1 | sample)", "Penicillin"),
  machines = list("score ~ Machine + (1 | Worker) + (1 | Worker:Machine)", "Machines")
)
arguments <- commandArgs(trailingOnly = TRUE)
chosen <- models[[arguments[1]]]
data <- read.csv(file.path(arguments[2], paste0(chosen[[2]], ".csv")))
imported <- proc.time()[["user.self"]]
fit <- suppressWarnings(stan_lmer(as.formula(chosen[[1]]), data = data, chains = 4, cores = 1, refresh = 0, seed = 1))
first <- proc.time()[["user.self"]] - imported
ess <- min(summary(fit)[, "n_eff"], na.rm = TRUE)
cat(sprintf('{"import": %.3f, "first": %.3f, "ess": %.0f}\n', imported - start, first, ess))
