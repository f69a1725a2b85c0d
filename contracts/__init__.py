"""Compiled contracts: `artifacts/<Contract>.json`, read as package data so that users need no compiler."""
