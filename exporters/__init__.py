"""One module per training format; each reads the columns of a release, never the database."""
