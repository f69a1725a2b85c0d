"""The main job, end to end, on a real chain through the HTTP API: agencies grant, windows record and verify."""
