"""The tables, as the newest migration leaves them; a test compares the two."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.engine import Dialect

ROLES = ("viewer", "editor", "admin")
UNITS = ("product", "content", "membership", "studio", "marketing", "platform")
VISIBILITIES = ("private", "unit", "everyone", "link")
AUDIENCES = ("private", "unit", "everyone")
ALERTS = ("day", "week", "test", "late")
DIRECTIONS = ("at least", "at most")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A time with its zone, always UTC: SQLite keeps none, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002  # SQLAlchemy's signature
    ) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(name: str, values: tuple[str, ...]) -> str:
    """SQL that holds a column to a fixed list of names."""
    return f"{name} IN ({', '.join(repr(v) for v in values)})"


people = Table(
    "people",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(255)),
    Column("row_rules", JSON, nullable=False),
    Column("hidden_numbers", JSON, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_demo", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint(one_of("role", ROLES), name="role"),
    CheckConstraint(one_of("unit", UNITS), name="unit"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("user_agent", String(200), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
)

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_hash", String(64), nullable=False),
    Column("address", String(45), nullable=False),
    Column("at", Moment, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    Index(None, "account_hash", "at"),
    Index(None, "address", "at"),
)

saved_views = Table(
    "saved_views",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("owner_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("unit", String(16), nullable=False),
    Column("name", String(120), nullable=False),
    Column("description", Text, nullable=False),
    Column("path", String(300), nullable=False),
    Column("query", Text, nullable=False),
    Column("data_version", String(80)),
    Column("visibility", String(16), nullable=False),
    Column("link_hash", String(64), unique=True),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("updated_by", ForeignKey("people.id"), nullable=False),
    Column("deleted_at", Moment),
    CheckConstraint(one_of("visibility", VISIBILITIES), name="visibility"),
    CheckConstraint("(visibility = 'link') = (link_hash IS NOT NULL)", name="link"),
    Index(None, "visibility", "unit"),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("author_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("unit", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("path", String(300), nullable=False),
    Column("dataset", String(120), nullable=False),
    Column("metric", String(120), nullable=False),
    Column("country", String(2), nullable=False),
    Column("visibility", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    CheckConstraint(one_of("visibility", AUDIENCES), name="visibility"),
    CheckConstraint("first_day <= last_day", name="days"),
    Index(None, "last_day", "first_day"),
)

targets = Table(
    "targets",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("dataset", String(120), nullable=False),
    Column("metric", String(120), nullable=False),
    Column("value", Double),
    Column("direction", String(16), nullable=False),
    Column("days", Integer),
    Column("scope", Text, nullable=False, server_default=""),
    Column("valid_from", Date, nullable=False),
    Column("unit", String(16), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint(one_of("direction", DIRECTIONS), name="direction"),
    Index(None, "dataset", "metric"),
)

certificates = Table(
    "certificates",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Uuid(as_uuid=False), nullable=False, unique=True),
    Column("dataset", String(120), nullable=False),
    Column("metric", String(120), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("created_at", Moment, nullable=False),
    Index(None, "dataset", "metric"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("dataset", String(120), nullable=False),
    Column("metric", String(120), nullable=False),
    Column("filters", String(1000), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("snoozed_until", Date),
    Column("judged_version", String(80), nullable=False),
    Column("judged_day", Date),
    Column("judged_week", Date),
    Column("troubles", JSON, nullable=False),
    UniqueConstraint("person_id", "dataset", "metric", "filters"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("subscription_id", ForeignKey("subscriptions.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("day", Date, nullable=False),
    Column("data_version", String(80), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("tone", String(16), nullable=False),
    Column("query", Text, nullable=False),
    Column("access_hash", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment),
    CheckConstraint(one_of("kind", ALERTS), name="kind"),
    UniqueConstraint("subscription_id", "kind", "day", "data_version"),
)

definitions = Table(
    "definitions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("dataset", String(120), nullable=False),
    Column("metric", String(120), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("released_at", Moment, nullable=False),
    Index(None, "dataset", "metric"),
)

frozen_forecasts = Table(
    "frozen_forecasts",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("author_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("production_id", Integer),
    Column("path", String(300), nullable=False),
    Column("query", Text, nullable=False),
    Column("inputs", JSON, nullable=False),
    Column("p10", Float, nullable=False),
    Column("p50", Float, nullable=False),
    Column("p90", Float, nullable=False),
    Column("wanted", Float, nullable=False),
    Column("chance", Float, nullable=False),
    Column("data_version", String(80), nullable=False),
    Column("access_hash", String(64), nullable=False),
    Column("created_at", Moment, nullable=False),
    CheckConstraint("p10 <= p50 AND p50 <= p90", name="order"),
    Index(None, "access_hash", "created_at"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Moment, nullable=False, index=True),
    Column("person_id", ForeignKey("people.id")),
    Column("action", String(40), nullable=False),
    Column("object_kind", String(20), nullable=False),
    Column("object_id", String(64), nullable=False),
    Column("details", JSON, nullable=False),
)
