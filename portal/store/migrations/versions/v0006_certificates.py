"""Certificates of what metrics mean."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)
ID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    op.create_table(
        "certificates",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("dataset", sa.String(120), nullable=False),
        sa.Column("metric", sa.String(120), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_certificates"),
        sa.UniqueConstraint("id", name="uq_certificates_id"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_certificates_person_id"),
    )
    op.create_index("ix_certificates_dataset_metric", "certificates", ["dataset", "metric"])


def downgrade() -> None:
    op.drop_table("certificates")
