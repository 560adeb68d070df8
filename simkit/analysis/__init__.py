"""What networks do inside: functions (model, batches, seed) -> named arrays, each with its schema."""
