"""What pages share: viewer, forms, tables, routes and look."""
