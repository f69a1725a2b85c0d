"""Documents under seals, as bytes: what they are, whether they are what was sealed, what is sealed and what is not.

Nothing here opens a path or a connection; nothing of a document's content goes into a report or a log.
"""
