"""The effect of an experiment's cell with an interval that holds at every look together.

The asymptotic confidence sequence of Waudby-Smith et al. 2021 (`queries.estimators.effect`).
"""

from queries.estimators.experiment_effect import by_cell

ESTIMATOR = by_cell(lambda found: (found.always_low, found.always_high))
