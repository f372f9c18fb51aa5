"""The output of a job in parts, which a stopped job goes on from."""
