"""When the definitions of metrics were edited."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "definitions",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("dataset", sa.String(120), nullable=False),
        sa.Column("metric", sa.String(120), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_definitions"),
    )
    op.create_index("ix_definitions_dataset_metric", "definitions", ["dataset", "metric"])


def downgrade() -> None:
    op.drop_table("definitions")
