"""List every metric of every dataset for the search, with the dataset it belongs to."""

from typing import Any

from flask import Flask

from portal.site import Site

PATH = "/-/metrics"


def register(server: Flask, site: Site) -> None:
    """Add the route to `server`."""

    @server.post(PATH)
    def list_metrics() -> dict[str, Any]:
        return {
            "metrics": [
                {
                    "name": metric.name,
                    "label": metric.label,
                    "dataset": dataset.label,
                    "name_of_dataset": dataset.name,
                }
                for dataset in site.warehouse.catalog().datasets
                for metric in dataset.metrics
            ]
        }
