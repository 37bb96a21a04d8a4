"""The metric that a script of our pages names, if whoever asks may see it."""

from portal.auth.gate import signed_in
from portal.callbacks.asked import Asked
from portal.site import Site
from portal.store.errors import Invalid
from queries.dataset import Dataset, Metric
from queries.errors import AccessDenied, UnknownField, UnsafeQuestion


def named_metric(wanted: Asked, site: Site) -> tuple[Dataset, Metric]:
    """Raises Invalid where there is none, and AccessDenied where it is hidden."""
    access = signed_in().access
    try:
        dataset = site.warehouse.dataset(wanted.text("dataset"), access=access)
        metric = dataset.metric(wanted.text("metric"))
    except (UnknownField, UnsafeQuestion) as error:
        raise Invalid(error.message, error.hint) from None
    if access.hides(metric, dataset):
        raise AccessDenied(
            f"You do not have access to {metric.label}.", f"Ask {dataset.owner} for access."
        )
    return dataset, metric
