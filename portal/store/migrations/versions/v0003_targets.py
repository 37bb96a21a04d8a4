"""Targets of metrics."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    op.create_table(
        "targets",
        sa.Column("id", ID, nullable=False),
        sa.Column("dataset", sa.String(120), nullable=False),
        sa.Column("metric", sa.String(120), nullable=False),
        sa.Column("value", sa.Double),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("days", sa.Integer),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_targets"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_targets_person_id"),
        sa.CheckConstraint("direction IN ('at least', 'at most')", name="ck_targets_direction"),
    )
    op.create_index("ix_targets_dataset_metric", "targets", ["dataset", "metric"])


def downgrade() -> None:
    op.drop_table("targets")
