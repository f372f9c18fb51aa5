"""The project that tests issue tokens for: that of the vendor's own tests, which is no secret."""

APP_ID = "970CA35de60c44645bbae8a215061b33"
CERTIFICATE = "5CFd2fd1755d40ecb72977518be15d3b"

CHANNEL = "7d72365eb983485397e3e3f9d460bdda"
UID = 2882341273
TOKEN_006 = (
    f"006{APP_ID}IACV0fZUBw+72cVoL9eyGGh3Q6Poi8bgjwVLnyKSJyOXR7dIfRBXoFHlEAABAAAAR/QQAAEAAQCvKDdW"
)
"""The vendor's sample for them: salt 1, ts 1111111, and privilege 1 until 1446455471."""
TOKEN_007 = (
    "007eJxTYBBbsMMnKq7p9Hf/HcIX5kce9b518kCiQgSr5Zrp4X1Tu6UUGCzNDZwdjU1TUs0Mkk1MzExMk5ISUy0SjQxNDcwMk4"
    "yN3b8IMEQwMTAwMoAwBIL4CgzmKeZGxmamqUmWFsYmFqbGluapxqnGaZYpJmYGSSkpiVwMRhYWRsYmhkbmxgDCaiTj"
)
"""The same in version 007: salt 1, issued at 1111111, with privilege 1, both for 600 seconds."""

NOW = 1_800_000_000
"""When tokens of tests are issued: 2027-01-15 08:00:00 UTC."""
