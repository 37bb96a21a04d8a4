"""Datasets and metrics, defined once: YAML files, one a dataset, and the loader of them."""

from queries.catalog.catalog import Catalog, builtin
from queries.catalog.loader import read_dataset, read_metric

__all__ = ["Catalog", "builtin", "read_dataset", "read_metric"]
