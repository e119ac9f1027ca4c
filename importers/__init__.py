"""One module per published format; each turns a row into an item and its judgments."""
