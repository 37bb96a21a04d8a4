"""Targets of the rows of some filters; those that were set before are of all rows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("targets") as targets:
        targets.add_column(sa.Column("scope", sa.Text, nullable=False, server_default=""))


def downgrade() -> None:
    """Targets of some rows go: without their scope they would be taken for those of all."""
    op.execute("DELETE FROM targets WHERE scope <> ''")
    with op.batch_alter_table("targets") as targets:
        targets.drop_column("scope")
