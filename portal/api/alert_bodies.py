"""What is sent and answered of watched metrics and alerts."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from portal.api.bodies import Name


class Subscribe(BaseModel):
    """A metric to watch, with the filters of a page's URL: `country=US&device=tv`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    dataset: Name
    metric: Name
    filters: str = Field("", max_length=1_000)


class Subscription(BaseModel):
    """A metric that the owner of the token watches."""

    id: str
    dataset: str
    metric: str
    label: str
    filters: str
    since: str
    snoozed_until: str
    snoozed: str
    judged_version: str


class SubscriptionKept(BaseModel):
    """A subscription as it is now."""

    subscription: Subscription


class Subscriptions(BaseModel):
    """What is watched, by metric."""

    subscriptions: list[Subscription]


class Alert(BaseModel):
    """What was told of a watched metric, once for a day or week and data version."""

    number: int
    subscription: str
    dataset: str
    metric: str
    kind: Literal["day", "week", "test", "late"]
    day: str
    sentence: str
    detail: str
    tone: str
    data_version: str
    told: str
    is_seen: bool
    seen: str
    is_ended: bool
    link: str


class Alerts(BaseModel):
    """What was told, the newest first, at most 200; and what is watched."""

    alerts: list[Alert]
    subscriptions: list[Subscription]
    unseen: int
