# Data sets and situations that lme4's own tests are about, as lme4 1.1-31 fits them here, for
# tests/mlmkit/test_upstream.py: Rscript upstream.R (in this folder) writes upstream.json.
# "case" fits one model and keeps the data, so that no random number of R is needed again.
suppressMessages({library(lme4); library(jsonlite)})
shipped <- function(file) {
  e <- new.env(); load(system.file("testdata", file, package = "lme4"), e); as.list(e)
}
case <- function(py, data, family = NULL, nAGQ = 1, weights = NULL, REML = TRUE, r = py) {
  f <- as.formula(r)
  ctl <- list(check.nobs.vs.rankZ = "ignore", check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore")
  args <- list(f, data)
  if (!is.null(weights)) args$weights <- data[[weights]]
  fit <- suppressMessages(suppressWarnings(if (is.null(family))
    do.call(lmer, c(args, list(REML = REML, control = do.call(lmerControl, ctl))))
  else
    do.call(glmer, c(args, list(family = family, nAGQ = nAGQ, control = do.call(glmerControl, ctl))))))
  used <- data[, intersect(names(data), all.vars(f)), drop = FALSE]
  if (!is.null(weights)) used[[weights]] <- data[[weights]]
  kinds <- sapply(used, function(column) if (is.factor(column)) "factor" else class(column)[1])
  levels <- lapply(Filter(is.factor, used), levels)
  used[] <- lapply(used, function(column) if (is.factor(column)) as.character(column) else column)
  vc <- as.data.frame(VarCorr(fit))
  sd <- vc[is.na(vc$var2) & vc$grp != "Residual", ]
  list(formula = py, family = family, nAGQ = nAGQ, weights = weights, REML = REML, data = used, kinds = as.list(kinds),
       levels = levels, names = as.list(names(fixef(fit))), beta = as.list(unname(fixef(fit))), se = as.list(unname(sqrt(diag(as.matrix(vcov(fit)))))),
       sd = as.list(sd$sdcor), sigma = sigma(fit), loglik = as.numeric(logLik(fit)), npar = attr(logLik(fit), "df"),
       crit = if (is.null(family)) as.numeric(if (REML) REMLcrit(fit) else deviance(fit)) else -2 * as.numeric(logLik(fit)),
       fitted = unname(fitted(fit))[1:6], resid = unname(resid(fit, "deviance"))[1:6])
}
gopher <- shipped("gopherdat2.RData")$Gdat
respiratory <- shipped("respiratory.RData")$respiratory
pair <- data.frame(  # a hundred pairs, each with one row of either group
  event = c(rbind(rep(0:1, each = 50), c(rep(0, 42), rep(1, 8), rep(0, 18), rep(1, 32)))),
  group = rep(c(1, 0), 100), id = rep(1:100, each = 2))
weighted <- data.frame(
  a = c(1.55945122, .004391538, .005554163, -.173029772, 4.586284429, .259493671, -.091735715, 5.546487603, .457734831,
        -.030169602),
  b = c(.24520519, .080624178, .228083467, .2471453, .398994279, .037213859, .102144973, .241380251, .206570975, .15980803),
  c = c("H", "F", "K", "P", "P", "P", "D", "M", "I", "D"), w = c(20, 40, 35, 12, 29, 25, 65, 105, 30, 75))
source(system.file("testdata", "koller-data.R", package = "lme4"))
koller <- getData(13)[, c("y", "Var2")]; koller$Var2 <- droplevels(koller$Var2)
parts <- read.csv(system.file("testdata", "dat20101314.csv", package = "lme4"))
set.seed(5)
free <- data.frame(y = runif(100), v = factor(sample(1:5, 100, TRUE)), x = runif(100), g = factor(sample(1:5, 100, TRUE)))
tall <- expand.grid(a = factor(1:4), b = factor(1:4), rep = 1:6)
tall <- subset(tall, !(a == "4" & b == "4")); tall$g <- factor(sample(1:6, nrow(tall), TRUE)); tall$y <- rnorm(nrow(tall))
sorted <- data.frame(x = 1:200, f = factor(rep(1:10, 20)), g = factor(rep(1:20, each = 10)), h = factor(sample(1:5, 200, TRUE)))
sorted$y <- rnorm(200) + rnorm(20)[sorted$g] + rnorm(5)[sorted$h]
ticks <- grouseticks; ticks$ch <- ticks$HEIGHT - mean(ticks$HEIGHT)
cases <- list(
  crabs = case("cbind(final.snail.density, snails.lost) ~ crab.speciesS * crab.sizeS + (snail.size | plot)",
               shipped("crabs_randdata00.Rda")$randdata00, "binomial"),
  eggs = case("survprop ~ (1 | nobs)", shipped("survdat_reduced.Rda")$survdat_reduced, "binomial", weights = "eggs"),
  gopher = case("shells ~ prev + (1 | Site) + offset(log(Area))", gopher, "poisson"),
  gopher_factor = case("shells ~ prev + factor(year) + (1 | Site) + offset(log(Area))", gopher, "poisson"),
  gopher_scaled = case("shells ~ prev + scale(year) + (1 | Site) + offset(log(Area))", gopher, "poisson"),
  radinger = case("presabs ~ predictor + (1 | species)", shipped("radinger_dat.RData")$radinger_dat, "binomial"),
  colonizers = case("colonizers ~ (Treatment + homespecies + respspecies)^2 + (1 | Plot)",
                    shipped("colonizer_rand.rda")$randdat, "poisson"),
  culcita = case("predation ~ ttt + (1 | block)", shipped("culcita_dat.RData")$culcita_dat, "binomial"),
  respiratory5 = case("outcome ~ center + treat + sex + age + baseline + (1 | idctr)", respiratory, "binomial", 5),
  respiratory16 = case("outcome ~ center + treat + sex + age + baseline + (1 | idctr)", respiratory, "binomial", 16),
  hessianfly = case("cbind(y, n - y) ~ gen + (1 | block)", shipped("gotway_hessianfly.rda")$gotway.hessianfly, "binomial"),
  pairs = case("event ~ group + (1 | id)", pair, "binomial", 21),
  ticks = case("TICKS ~ YEAR + ch + (1 | INDEX) + (1 | BROOD) + (1 | LOCATION)", ticks, "poisson"),
  koller = case("y ~ (1 | Var2)", koller),
  parts = case("y ~ (1 | Operator) + (1 | Part) + (1 | Part:Operator)", parts),
  crossed_days = case(
    "y ~ (1 | sample) + (1 | day) + (1 | day:sample) + (1 | operator) + (1 | day:operator) + (1 | sample:operator)",
    readRDS(system.file("testdata", "rankMatrix.rds", package = "lme4"))),
  weighted = case("a ~ 1 + b + (1 | c)", weighted, weights = "w", REML = FALSE),
  free = case("y ~ 0 + v + v:x + (1 | g)", free),
  empty_cell = case("y ~ a * b + (1 | g)", tall),
  nested_poly = case("y ~ 1 + f + (1 | h/f) + (poly(x, 2) | g)", sorted),
  iris = case("Petal.Width ~ Sepal.Length + (1 | Species)", iris),
  no_fixed_poisson = case("round(Reaction) ~ 0 + (1 | Subject)", sleepstudy, "poisson"))
write_json(cases, "upstream.json", digits = NA, auto_unbox = TRUE, dataframe = "columns", null = "null")
