"""The bytes of a token: its values written and read, and the keys that sign it."""
