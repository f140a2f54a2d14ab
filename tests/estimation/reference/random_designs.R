suppressMessages(library(survey))
out <- file("random_designs.txt","w")
p <- function(id, ...) cat(id, formatC(as.numeric(c(...)), digits=17, format="g"), "\n", file=out)
tell <- function(id, s) { p(paste0(id,".value"), coef(s)); p(paste0(id,".cov"), as.matrix(vcov(s))) }
try_ <- function(expr) tryCatch(expr, error=function(e) NULL)
all <- list()
for (seed in 1:24) {
  set.seed(1000+seed)
  H <- sample(1:6,1); lonely <- c("adjust","average","certainty")[1+seed%%3]
  options(survey.lonely.psu=lonely, survey.adjust.domain.lonely=(seed%%4==0))
  rows <- list()
  for (h in 1:H) {
    n <- sample(c(1,2,3,5,8),1,prob=c(.15,.3,.25,.2,.1)); N <- n + sample(0:40,1)
    for (i in 1:n) { m <- sample(1:9,1); u <- rnorm(1,0,.7); w <- rexp(1)+.2
      for (j in 1:m) for (wave in 1:2) if (runif(1) < .9) { y <- round(5+u+.3*wave+rnorm(1),2)
        rows[[length(rows)+1]] <- data.frame(seed=seed, stratum=paste0("s",h), psu=paste0("p",h,"_",i), N=N, wave=wave,
          weight=round(w*(1+.3*runif(1))*ifelse(runif(1)<.05,20,1),4), sex=sample(c("F","M"),1), age=sample(c("a","b","c"),1,prob=c(.6,.3,.1)),
          y=ifelse(runif(1)<.1,NA,y), x=round(exp(rnorm(1)),3)+.01, k=ifelse(runif(1)<.07,NA,rbinom(1,1,plogis(u))), q=sample(1:4,1)) } } }
  all[[seed]] <- do.call(rbind, rows)
}
d0 <- do.call(rbind, all); write.csv(d0, "random_designs.csv", row.names=FALSE, na="")
d0 <- read.csv("random_designs.csv", stringsAsFactors=FALSE)
for (seed in 1:24) {
  d <- d0[d0$seed==seed,]; lonely <- c("adjust","average","certainty")[1+seed%%3]
  options(survey.lonely.psu=lonely, survey.adjust.domain.lonely=(seed%%4==0)); id <- function(x) paste0(seed,".",x)
  w2 <- d[d$wave==2,]; fpc <- if (seed%%2==0) ~N else NULL
  D <- try_(svydesign(id=~psu, strata=~stratum, weights=~weight, fpc=fpc, data=w2)); if (is.null(D)) next
  ok <- subset(D, !is.na(y)); okk <- subset(D, !is.na(k))
  try_(tell(id("mean"), svymean(~y, ok)))
  try_(p(id("deff"), deff(svymean(~y, ok, deff="replace"))))
  try_(p(id("df"), degf(ok)))
  if (lonely != "adjust") try_(tell(id("total"), svytotal(~x, D)))
  try_(tell(id("ratio"), svyratio(~y, ~x, ok)))
  try_(tell(id("shares"), svymean(~factor(q), D)))
  for (a in c("a","b","c")) { S <- subset(ok, age==a); try_(tell(id(paste0("part.",a)), svymean(~y, S))); try_(p(id(paste0("part_df.",a)), degf(S)))
    SK <- subset(okk, age==a); if (nrow(SK) && !(svymean(~k,SK)[1] %in% 0:1)) try_({c0 <- svyciprop(~k, SK, method="logit"); p(id(paste0("logit.",a)), coef(c0), confint(c0))}) }
  S <- subset(ok, sex=="F"); M <- subset(ok, sex=="M")
  by <- try_(svyby(~y, ~sex, ok, svymean, covmat=TRUE)); if (!is.null(by) && length(coef(by))==2 && seed%%4!=0) tell(id("gap"), svycontrast(by, c(-1,1)))
  for (pr in c(.25,.5,.9)) for (m in c("mean","xlogit")) try_({ s <- svyquantile(~y, ok, pr, ci=TRUE, interval.type=m, qrule="math"); z <- s[[1]]; p(id(paste0("quantile.",m,".",pr)), z[1,"quantile"], z[1,"se"], z[1,"ci.2.5"], z[1,"ci.97.5"]) })
  try_({t <- svychisq(~q+sex, D, statistic="F"); p(id("chisq"), t$statistic, t$parameter, t$p.value)})
  try_({g <- svyglm(y~x+sex, ok); p(id("glm.value"), coef(g)); p(id("glm.cov"), vcov(g))})
  # two waves, shared PSUs
  if (seed%%2==1) { W <- svydesign(id=~psu, strata=~stratum, weights=~weight, data=d); okw <- subset(W, !is.na(y))
    b <- try_(svyby(~y, ~wave, okw, svymean, covmat=TRUE)); if (!is.null(b) && length(coef(b))==2 && seed%%4!=0) tell(id("change"), svycontrast(b, c(-1,1)))
    b <- try_(svyby(~y, ~wave+sex, okw, svymean, covmat=TRUE)); if (!is.null(b) && length(coef(b))==4 && seed%%4!=0) tell(id("did"), svycontrast(b, c(1,-1,-1,1))) }
  # calibration
  tot <- sum(w2$weight)
  if (length(unique(w2$age))==3 && length(unique(w2$sex))==2) {
    pa <- c(.5,.3,.2)*tot*1.3; ps <- c(.52,.48)*tot*1.3
    P <- try_(postStratify(D, ~age, data.frame(age=c("a","b","c"), Freq=pa))); R <- try_(calibrate(D, ~age+sex, c(sum(pa), pa[2], pa[3], ps[2]), calfun="raking", epsilon=1e-13, maxit=1000))
    if (seed%%4!=0) for (w in c("post","rake")) { E <- if (w=="post") P else R; if (is.null(E)) next
      p(id(paste0(w,".weights")), weights(E)); try_(tell(id(paste0(w,".mean")), svymean(~x, E))); try_(tell(id(paste0(w,".total")), svytotal(~x, E))); try_(tell(id(paste0(w,".part")), svymean(~x, subset(E, q==1)))); try_(tell(id(paste0(w,".shares")), svymean(~factor(q), E))) } }
  if (all(table(unique(w2[,c("stratum","psu")])$stratum)>1) && seed%%2==1) { J <- try_(as.svrepdesign(D, type=if (length(unique(w2$stratum))>1) "JKn" else "JK1")); if (!is.null(J)) { try_(tell(id("jk.mean"), svymean(~y, subset(J, !is.na(y))))); try_(tell(id("jk.ratio"), svyratio(~k, ~x, subset(J, !is.na(k))))); try_(tell(id("jk.total"), svytotal(~x, J))) } }
}
close(out)
