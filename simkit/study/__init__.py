"""Studies: data or models -> named numbers; one file a question."""
