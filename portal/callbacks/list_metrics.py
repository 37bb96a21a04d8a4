"""List the metrics of every dataset that the viewer may see, for the search."""

from typing import Any

from flask import Flask

from portal.site import Site

PATH = "/-/metrics"


def register(server: Flask, site: Site) -> None:
    """Add the route to `server`."""

    @server.post(PATH)
    def list_metrics() -> dict[str, Any]:
        access = site.viewer().access
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
                if not access.hides(metric, dataset)
            ]
        }
