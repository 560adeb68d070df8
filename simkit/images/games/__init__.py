"""Small games as sources of transitions: levels, rules and players in integers, and every place and distance known."""
