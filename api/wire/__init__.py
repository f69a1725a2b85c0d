"""The JSON of the API: one declaration for the server, the client and the documentation."""
