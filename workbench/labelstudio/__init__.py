"""Everything that knows Label Studio: the editor's files, and what the page needs to load them."""
