"""What Alembic runs for every command: the steps, in the transaction it is handed."""

from alembic import context

from portal.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
