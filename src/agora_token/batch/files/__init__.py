"""Rosters and tokens in files: formats, text, sources to read and sinks to write."""
