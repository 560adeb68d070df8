"""Sources: one file a generator. `simkit.registry` lists them."""
