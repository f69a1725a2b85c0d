"""The same records through our contracts and through what a user would take instead."""
