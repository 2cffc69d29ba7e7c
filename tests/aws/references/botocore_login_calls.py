#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""botocore_login_calls: makes one call by botocore, as JSON on standard input says: service, call, parameters, region, url. Prints the database user that came back, as JSON (null: none).
Status 77: there is no botocore here."""
import json
import sys

try:
    import botocore.session
except ImportError:
    sys.exit(77)

wanted = json.load(sys.stdin)
client = botocore.session.Session().create_client(wanted["service"], region_name=wanted["region"], endpoint_url=wanted["url"])
answer = getattr(client, wanted["call"])(**wanted["parameters"])
secret = json.loads(answer.get("SecretString", "{}"))
print(json.dumps(answer.get("DbUser") or answer.get("dbUser") or secret.get("username")))
