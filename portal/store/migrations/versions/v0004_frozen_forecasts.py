"""Forecasts that were frozen at greenlight; the database refuses to change one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True)
ID = sa.Uuid(as_uuid=False)
TABLE = "frozen_forecasts"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("production_id", sa.Integer),
        sa.Column("path", sa.String(300), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("p10", sa.Float, nullable=False),
        sa.Column("p50", sa.Float, nullable=False),
        sa.Column("p90", sa.Float, nullable=False),
        sa.Column("wanted", sa.Float, nullable=False),
        sa.Column("chance", sa.Float, nullable=False),
        sa.Column("data_version", sa.String(80), nullable=False),
        sa.Column("access_hash", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_frozen_forecasts"),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name="fk_frozen_forecasts_author_id"),
        sa.CheckConstraint("p10 <= p50 AND p50 <= p90", name="ck_frozen_forecasts_order"),
    )
    op.create_index("ix_frozen_forecasts_author_id", TABLE, ["author_id"])
    op.create_index(
        "ix_frozen_forecasts_access_hash_created_at", TABLE, ["access_hash", "created_at"]
    )
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{deed.lower()} BEFORE {deed} ON {TABLE} "
                "BEGIN SELECT RAISE(ABORT, 'a frozen forecast stays as it is'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {TABLE}_stay() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a frozen forecast stays as it is'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {TABLE}_stay BEFORE UPDATE OR DELETE ON {TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_stay()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {TABLE}_stay ON {TABLE}")
        op.execute(f"DROP FUNCTION {TABLE}_stay()")
    op.drop_table(TABLE)
