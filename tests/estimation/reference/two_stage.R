suppressMessages(library(survey)); options(survey.lonely.psu="adjust")
set.seed(20261122)
rows <- list()
N1 <- c(A=30, B=24, C=40)       # PSUs there are
for (s in names(N1)) for (p in 1:6) {
  N2 <- sample(8:20, 1); n2 <- sample(4:7, 1)
  place <- rnorm(1, 0, .5)
  for (i in 1:n2) {
    sex <- sample(c("F","M"), 1); age <- sample(c("a18","a30","a45"), 1)
    y <- round(4 + place + rnorm(1, 0, 1.5), 2); k <- rbinom(1, 1, plogis(place))
    rows[[length(rows)+1]] <- data.frame(stratum=s, psu=paste0(s,p), hh=paste0(s,p,"-",i), N1=N1[[s]], N2=N2,
      weight=round(N1[[s]]/6 * N2/n2 * runif(1,.7,1.5), 3), half=(p+1)%/%2, sex=sex, age=age,
      y=ifelse(runif(1)<.08, NA, y), x=round(exp(rnorm(1,1,.4)),2), k=ifelse(runif(1)<.06, NA, k),
      r1=sample(1:3,1), r2=NA, q=sample(c("yes","no","dk"),1,prob=c(.5,.35,.15)))
  }
}
d <- do.call(rbind, rows)
d$r2 <- ifelse(runif(nrow(d))<.6, d$r1, sample(1:3, nrow(d), TRUE))
write.csv(d, "two_stage.csv", row.names=FALSE, na="")
d <- read.csv("two_stage.csv", stringsAsFactors=FALSE)
out <- file("two_stage.txt","w")
p <- function(id, ...) cat(id, formatC(as.numeric(c(...)), digits=17, format="g"), "\n", file=out)
tell <- function(id, s, deff=FALSE) { p(paste0(id,".value"), coef(s)); p(paste0(id,".cov"), as.matrix(vcov(s))) ; if (deff) p(paste0(id,".deff"), deff(s)) }
d$f1 <- factor(d$r1); d$f2 <- factor(d$r2)
designs <- list(
  one  = svydesign(id=~psu, strata=~stratum, weights=~weight, data=d),
  fpc1 = svydesign(id=~psu, strata=~stratum, weights=~weight, fpc=~N1, data=d),
  two  = svydesign(id=~psu+hh, strata=~stratum, fpc=~N1+N2, data=d),
  twow = svydesign(id=~psu+hh, strata=~stratum, fpc=~N1+N2, weights=~weight, data=d))
for (n in names(designs)) {
  D <- designs[[n]]; ok <- subset(D, !is.na(y)); okk <- subset(D, !is.na(k))
  tell(paste0(n,".mean"), svymean(~y, ok, deff="replace"), TRUE)
  p(paste0(n,".df"), degf(ok))
  tell(paste0(n,".total"), svytotal(~x, D)); tell(paste0(n,".ratio"), svyratio(~y, ~x, ok))
  tell(paste0(n,".shares"), svymean(~factor(q), D))
  for (a in c("a18","a30","a45")) {
    sub <- subset(ok, age==a & sex=="F")
    tell(paste0(n,".mean_women.",a), svymean(~y, sub)); p(paste0(n,".df_women.",a), degf(sub))
    tell(paste0(n,".total_women.",a), svytotal(~x, subset(D, age==a & sex=="F")))
    cp <- svyciprop(~k, subset(okk, age==a), method="logit"); p(paste0(n,".logit.",a), coef(cp), confint(cp))
  }
  by <- svyby(~y, ~age, ok, svymean, covmat=TRUE); tell(paste0(n,".by"), by)
  tell(paste0(n,".by_gap"), svycontrast(by, c(1,-1,0)))
  t <- svychisq(~q+age, D, statistic="F"); p(paste0(n,".chisq"), t$statistic, t$parameter, t$p.value)
  kp <- svykappa(~f1+f2, D); tell(paste0(n,".kappa"), kp)
  g <- svyglm(y~x+sex, ok); p(paste0(n,".glm.value"), coef(g)); p(paste0(n,".glm.cov"), vcov(g))
}
pop <- list(age=c(a18=300, a30=340, a45=260), sex=c(F=480, M=420))
for (n in c("one","fpc1","twow")) {
  D <- designs[[n]]
  P <- postStratify(D, ~age, data.frame(age=names(pop$age), Freq=as.numeric(pop$age)))
  R <- calibrate(D, ~age+sex, c(900, 340, 260, 420), calfun="raking", epsilon=1e-13, maxit=500)
  for (w in c("post","rake")) { E <- if (w=="post") P else R
    p(paste0(n,".",w,".weights"), weights(E))
    tell(paste0(n,".",w,".mean"), svymean(~x, E)); tell(paste0(n,".",w,".total"), svytotal(~x, E))
    tell(paste0(n,".",w,".ratio"), svyratio(~r1, ~x, E))
    for (a in c("yes","no","dk")) tell(paste0(n,".",w,".part.",a), svymean(~x, subset(E, q==a))); tell(paste0(n,".",w,".shares"), svymean(~factor(q), E)) }
}
J <- as.svrepdesign(designs$one, type="JKn"); tell("rep.jkn.mean", svymean(~y, subset(J, !is.na(y)))); tell("rep.jkn.ratio", svyratio(~r1, ~x, J))
d$hs <- paste0(d$stratum, d$half)
B <- as.svrepdesign(svydesign(id=~psu, strata=~hs, weights=~weight, data=d), type="BRR")
tell("rep.brr.mean", svymean(~x, B)); tell("rep.brr.total", svytotal(~x, B)); tell("rep.brr.ratio", svyratio(~r1,~x,B))
write.csv(weights(B, type="analysis"), "two_stage_brr.csv", row.names=FALSE)
m <- svymean(~x, B); p("rep.brr.df", degf(B))
close(out)
