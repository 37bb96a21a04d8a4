"""Metrics that people watch, and what they are told of them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)
ID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("dataset", sa.String(120), nullable=False),
        sa.Column("metric", sa.String(120), nullable=False),
        sa.Column("filters", sa.String(1000), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("snoozed_until", sa.Date),
        sa.Column("judged_version", sa.String(80), nullable=False),
        sa.Column("judged_day", sa.Date),
        sa.Column("judged_week", sa.Date),
        sa.Column("troubles", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriptions"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_subscriptions_person_id"),
        sa.UniqueConstraint(
            "person_id",
            "dataset",
            "metric",
            "filters",
            name="uq_subscriptions_person_id_dataset_metric_filters",
        ),
    )
    op.create_table(
        "alerts",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("data_version", sa.String(80), nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("tone", sa.String(16), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("access_hash", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT),
        sa.PrimaryKeyConstraint("number", name="pk_alerts"),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name="fk_alerts_subscription_id"
        ),
        sa.CheckConstraint("kind IN ('day', 'week', 'test', 'late')", name="ck_alerts_kind"),
        sa.UniqueConstraint(
            "subscription_id",
            "kind",
            "day",
            "data_version",
            name="uq_alerts_subscription_id_kind_day_data_version",
        ),
    )


def downgrade() -> None:
    op.drop_table("alerts")
    op.drop_table("subscriptions")
