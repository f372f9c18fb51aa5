"""The vendor's Python 3 modules by their own names, for code that was written against them.

Change ``from src.X import …`` to ``from agora_token.compat.X import …``, nothing else.  Each
module has the names that a star import of the vendor's gives, those that it imports itself
included.  Where generations of the vendor's code differ, it has the names of all of them.
"""
