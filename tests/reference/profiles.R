# Makes profiles.json: points of lme4's profiles. Run in this folder: Rscript profiles.R
suppressMessages(library(lme4))
simulated <- read.csv("simulated.csv", stringsAsFactors = TRUE)
fits <- list(
  sleepstudy = lmer(Reaction ~ Days + (Days | Subject), sleepstudy, REML = FALSE),
  Penicillin = lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, REML = FALSE),
  Pastes = lmer(strength ~ 1 + (1 | batch / cask), Pastes, REML = FALSE),
  three_columns = lmer(y ~ x + (x + z | g), simulated, REML = FALSE),
  crossed_slopes = lmer(y ~ x + (x | g) + (1 | h), simulated, REML = FALSE),
  uncorrelated = lmer(y ~ x + (x || g), simulated, REML = FALSE),
  binomial_slopes = glmer(cbind(succ, fail) ~ x + (x | g), simulated, family = binomial),
  poisson_crossed = glmer(cnt ~ x + (1 | g) + (1 | h), simulated, family = poisson)
)
points <- lapply(fits, function(fit) {
  table <- suppressWarnings(suppressMessages(as.data.frame(profile(fit, signames = FALSE))))
  lapply(split(table, table$.par), function(rows) {
    name <- as.character(rows$.par[1])
    rows <- rows[abs(rows$.zeta) > 0.2 & abs(rows$.zeta) < 2.6 & !duplicated(round(rows$.zeta, 3)), ]
    keep <- unique(round(seq(1, nrow(rows), length.out = min(6, nrow(rows)))))
    list(value = as.list(rows[keep, name]), zeta = as.list(rows$.zeta[keep]))
  })
})
writeLines(jsonlite::toJSON(points, digits = 10, auto_unbox = TRUE), "profiles.json")
