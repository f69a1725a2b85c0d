"""Endpoints by subject; each file makes one router."""
