# Model matrices of R for many formulas: Rscript formulas.R writes formulas.json.
# For each formula: the columns' names, and in the first six rows of the data their values; for predictions the same
# matrix made again from the last ten rows (R's safe prediction).
suppressMessages({library(splines); library(jsonlite)})
set.seed(7)
n <- 40
data <- data.frame(
  x = round(rnorm(n), 3), z = round(runif(n, 1, 9), 3), n = rep(1:5, 8), y = round(rnorm(n), 3),
  f = factor(rep(c("a", "b", "c"), length.out = n)), h = rep(c("lo", "hi", "hi", "mid"), 10),
  o = factor(rep(c("cold", "warm", "hot", "dry"), length.out = n), levels = c("cold", "warm", "hot", "dry"), ordered = TRUE),
  b = rep(c(TRUE, FALSE, FALSE), length.out = n))
atoms <- c("x", "z", "f", "h", "o", "b", "I(x^2)", "log(z)", "factor(n)", "(x > 0)", "I(b)")
written <- c(
  "1", "x", "0 + x", "x - 1", "f", "0 + f", "f - 1 + x", "o", "0 + o", "b", "0 + b", "h", "x:f", "f:x", "f:h", "0 + f:h",
  "f*h", "b*f", "o*f", "f*o*b", "f/x", "x/f", "f/h", "f/(x + z)", "(x + z)^2", "(x + z + f)^2", "(x + f + b)^3",
  "x*f*z - x:z", "f + h %in% f", "x + f %in% x", "z*x + f*x", "h:f + x", "x:z:f", "f:x + x", "o:b", "x + o:b",
  "I(x>0)", "I( -x )", "I(!b)", "I(x>0&z>5)", "I(x > 0 | b)", "(x > .5)*(f != 'a')", "I(h %in% c('lo','mid'))",
  "log(z+5,base=2)", "log10(z)+log2(z)+log1p(z)+exp(x)+sqrt(z)", "sin(2*pi*n/12)+cos(2*pi*n/12)", "floor(z)+ceiling(z)+round(x,1)",
  "pmin(x,0)+pmax(x,0)", "pmin(x,1e6)", "I(x/100000)+I(1e5*x)+I(x*1e-10)", "I(z %/% 2)+I(z %% 2)", "abs(x)+sign(x)+trunc(z)",
  "ifelse(x>0,1,0)", "ifelse(h == 'hi', x, z)", "as.numeric(f)", "as.integer(b)", "as.numeric(b)+x", "factor(n)", "as.factor(n)*x",
  "0+factor(n)", "ordered(n)", "relevel(f,ref='b')", "relevel(f, 'c')*x", "factor(h, levels=c('mid','lo','hi'))", "interaction(b,f)",
  "cut(x,3)", "cut(x,c(-5,0,5))", "cut(z, breaks=c(0,3,6,10), right=FALSE)", "C(f,contr.sum)", "C(f, contr.helmert)*x", "C(o, contr.treatment)",
  "C(f, contr.sum):x", "poly(x,2)", "poly(x,3,raw=TRUE)", "poly(x, 1)", "poly(x,2)*f", "bs(x,df=4)", "bs(z, knots=c(3,6), degree=2)", "ns(z,3)", "ns(z,df=4)*b",
  "bs(x,df=5,intercept=TRUE)", "splines::ns(z, df = 2)", "scale(x)", "scale(x)*f", "scale(x, scale=FALSE)", "x + I(x - mean(x))", "I((x - mean(x))/sd(x))",
  "is.na(x)", "I(n == 3)", "(n != 2):x", "exp(x)**2", "I(x^2 + z^2)", "I(-x^2)", "I(2*(x+z))", "x + offset(z)", "b:f - 1", "f - 1 + b", "b + f - 1", "o + f - 1")
set.seed(11)
drawn <- replicate(60, {
  k <- sample(2:4, 1)
  parts <- sample(atoms, k)
  signs <- sample(c(" + ", " * ", ":", " + "), k - 1, replace = TRUE)
  text <- parts[1]
  for (i in seq_along(signs)) text <- paste0(text, signs[i], parts[i + 1])
  if (runif(1) < 0.25) text <- paste("0 +", text)
  text
})
one <- function(text) {
  frame <- model.frame(as.formula(paste("~", text)), data, drop.unused.levels = TRUE)  # as lmer does
  X <- suppressWarnings(model.matrix(attr(frame, "terms"), frame))
  new <- data[31:40, ]
  again <- tryCatch({
    other <- model.frame(delete.response(attr(frame, "terms")), new, xlev = .getXlevels(attr(frame, "terms"), frame))
    suppressWarnings(model.matrix(attr(frame, "terms"), other))
  }, error = function(e) NULL)
  list(formula = text, names = I(colnames(X)), rows = unname(X[1:6, , drop = FALSE]),
       again = if (is.null(again)) NULL else unname(again[1:3, , drop = FALSE]))
}
out <- list(data = data, matrices = lapply(unique(c(written, drawn)), one))
out$data$f <- as.character(data$f); out$data$o <- as.character(data$o)
write_json(out, "formulas.json", digits = NA, auto_unbox = TRUE, dataframe = "columns", matrix = "rowmajor")
