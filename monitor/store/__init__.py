"""SQLite: the schema, one writer, and the SQL as plain functions of a connection, cut by noun. No business logic."""
