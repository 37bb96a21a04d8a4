"""What no formula can say: one number a group, read off counts by inner keys.

An estimator is a value in a module of its own (`ESTIMATOR = Estimator(...)`), found by the name of
the module. A metric of the catalog names it and says which aggregates it is given, counted by which
dimensions. Pure functions over arrays; nothing here asks anything. Modules without an `ESTIMATOR`
hold the statistics that estimators and analyses share.
"""
