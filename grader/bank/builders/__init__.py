"""Builders for the mistakes that recur: one misunderstanding, one name, one sentence, in all lessons.

A mistake that only one question has is written beside it: its value, its name in the class report, and the
sentence that a student reads. `half` earns half of the points.

>>> from grader.bank.builders.mistake import half, wrong
>>> half(9.0, "root forgotten").says("This is the square of what is asked.").credit
0.5
>>> wrong(-3.0, "below zero").says("No standard deviation is negative.").credit
0.0

A mistake that comes back has a builder. Where its sentence doesn't fit, write another one with the same name.
Many say in symbols what was computed; ``did=r"…"`` says it in the symbols of the question.
In `units`, from the right answer:

>>> from grader.bank.builders import units
>>> units.thousands(250_000.0).says
'This is in thousands of dollars. The question asks for dollars.'
>>> units.percent(0.62).says
'This seems to be in percent. The question asks for a number between 0 and 1.'
>>> units.count_for_share(0.25, 4000).says
'This seems to be a number of draws. Divide it by how many draws there are.'
>>> units.wrong_sign(2.0, "a price above the mean has a positive residual").says
'The size is right, the sign is not: a price above the mean has a positive residual.'

The others take what the student hands in. Most let you write how the sentence begins. In `spread`, with
``sd_of_all_prices(sales)``, which computes it from the sales, and ``spread_of_nine(means, estimates)``, which
yields several:

>>> from grader.bank.builders import spread
>>> spread.variance_for_sd(9.0, "This is the variance of the slopes").says
'This is the variance of the slopes, in squared dollars. Its square root is in dollars.'
>>> spread.sds_for_variances(3.0).says
'You used the standard deviations. The formula wants their squares, the variances.'
>>> spread.sds_exchanged(0.1).name
'standard deviations exchanged'
>>> spread.sds_added(7.0).says
'You added standard deviations. For independent sources it is their squares that add.'
>>> spread.mean_for_sd(5.0, "This is the mean of the slopes").says
'This is the mean of the slopes. The question asks how much they differ.'
>>> spread.residual_for_group(4.0, "This is sigma").says[:52]
'This is sigma: how much houses differ within a zip c'
>>> spread.one_sd_for_two(7.0, of="draws").says
'This reaches one standard deviation to each side. It holds about two draws in three.'

In `errors`, standard errors and Monte Carlo errors:

>>> from grader.bank.builders import errors
>>> errors.se_for_sd(2.0, "the zip codes").name
'standard error for standard deviation'
>>> errors.se_for_estimate(2.0, "the slope").says
'This is the standard error of the slope: how uncertain it is, not how large.'
>>> errors.one_se_for_two(7.0).says[:53]
'This interval reaches one standard error to each side'
>>> errors.draws_for_ess(0.1).name
'number of draws for effective sample size'
>>> errors.root_forgotten(0.1).says
'The error of a mean falls with the square root of the number of draws.'

In `pooling`, another estimate, another criterion, or other sales:

>>> from grader.bank.builders import pooling
>>> pooling.ml_for_reml(2.9).says
"This comes from a fit with REML=False. Where a question doesn't say otherwise, use REML."
>>> pooling.ranef_for_coef({"98004": -1.0}).says
'These are the random effects: differences from the mean of the zip codes. The question asks for mean prices.'
>>> pooling.no_for_partial_pooling({"98004": 5.0}).says[:52]
'These are the plain means of the sales: no pooling. '
>>> pooling.median_for_mean(5.0).says
'This is the median of the prices. The model estimates the mean.'
>>> pooling.houses_for_centre(5.0).name
'mean of houses for mean of zip codes'
>>> pooling.all_sales_for_sample(5.0, "This is the centre of").says
'This is the centre of all your sales. The question is about the small sample.'
>>> pooling.sample_for_all_sales(5.0).says
'This comes from the fit to the small sample. The question is about all your sales.'
"""
