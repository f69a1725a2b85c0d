"""What the API does, without HTTP: plain classes that take ports."""
