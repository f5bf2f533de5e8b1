# A Rasch model by lme4, for the class report's difficulties: Rscript rasch.R in this folder.
# verbagg: the first 60 people of lme4's VerbAgg (De Boeck & Wilson 2004), 24 items, 1 for yes or perhaps.
# sample: the demo's class in lesson 01, 12 students and the ten questions that are judged, 1 for full points.
library(lme4)
library(arm)

verbagg <- function() {
  d <- subset(VerbAgg, as.integer(id) <= 60)
  data.frame(student = paste0("s", as.integer(d$id)), question = as.character(d$item), right = as.integer(d$r2 == "Y"))
}
sample_class <- function() {
  wide <- read.csv("rasch_sample.csv", colClasses = "character")
  bits <- strsplit(wide$right, "")
  questions <- sprintf("q%02d", seq_along(bits[[1]]))
  data.frame(student = rep(wide$student, each = length(questions)), question = rep(questions, nrow(wide)),
             right = as.integer(unlist(bits)))
}
fitted_to <- function(d, n) {
  fit <- glmer(right ~ 1 + (1 | student) + (1 | question), d, family = binomial,
               control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9)))
  sd <- as.data.frame(VarCorr(fit))
  sds <- setNames(sd$sdcor, sd$grp)
  out <- list(singular = isSingular(fit), fixef = unname(fixef(fit)), sds = as.list(sds), logLik = as.numeric(logLik(fit)))
  if (!out$singular) {
    logit <- coef(fit)$question[, 1]
    averaged <- function(x) integrate(function(u) plogis(x + sds["student"] * u) * dnorm(u), -8, 8, rel.tol = 1e-9)$value
    set.seed(1)
    sims <- sim(fit, n)
    draws <- fixef(sims)[, 1] + ranef(sims)$question[, , 1]
    edges <- apply(draws, 2, quantile, c(.025, .975))
    out$question <- data.frame(
      question = rownames(coef(fit)$question), logit = logit, share = sapply(logit, averaged),
      low = sapply(edges[1, ], averaged), high = sapply(edges[2, ], averaged),
      counted = as.numeric(tapply(d$right, d$question, mean)[rownames(coef(fit)$question)]))
  }
  out
}
d <- verbagg()
wide <- tapply(d$right, d$student, length)
stopifnot(all(wide == 24))
d <- d[order(as.integer(sub("s", "", d$student)), d$question), ]
people <- unique(d$student)
found <- list(
  verbagg = c(list(items = sort(unique(d$question)),
                   right = setNames(lapply(people, function(p) paste(d$right[d$student == p], collapse = "")), people)),
              fitted_to(d, 20000)),
  sample = fitted_to(sample_class(), 1000))
writeLines(jsonlite::toJSON(found, auto_unbox = TRUE, digits = 8, pretty = 1), "rasch.json")
