"""How Alembic runs the revisions: on the one connection that store.migrate hands over, in its transaction."""

from alembic import context

from store.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=False,  # the server spells defaults in its own way
)
with context.begin_transaction():
    context.run_migrations()
