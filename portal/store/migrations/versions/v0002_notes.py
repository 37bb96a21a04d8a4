"""Notes that people put to days."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)
ID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("path", sa.String(300), nullable=False),
        sa.Column("dataset", sa.String(120), nullable=False),
        sa.Column("metric", sa.String(120), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("visibility", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_notes"),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name="fk_notes_author_id"),
        sa.CheckConstraint(
            "visibility IN ('private', 'unit', 'everyone')", name="ck_notes_visibility"
        ),
        sa.CheckConstraint("first_day <= last_day", name="ck_notes_days"),
    )
    op.create_index("ix_notes_author_id", "notes", ["author_id"])
    op.create_index("ix_notes_last_day_first_day", "notes", ["last_day", "first_day"])


def downgrade() -> None:
    op.drop_table("notes")
