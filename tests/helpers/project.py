"""The project that tests issue tokens for: that of the vendor's own tests, which is no secret."""

APP_ID = "970CA35de60c44645bbae8a215061b33"
CERTIFICATE = "5CFd2fd1755d40ecb72977518be15d3b"
