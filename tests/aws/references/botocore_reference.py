#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""botocore_reference: what Debian's botocore makes of this environment, as one line of JSON: {"result"}, {"token"} or {"error"} as in expect.json.

  botocore_reference.py [--profile NAME]                                       credentials
  botocore_reference.py token HOST PORT USER REGION                            a token

This botocore does not know the variables AWS_ENDPOINT_URL*: its clients are given the same addresses by hand. All else it reads by itself.
"""
import datetime
import json
import logging
import os
import select
import sys
import time

# Python's own fails while faketime holds the clock; before the import, for botocore keeps it in defaults of its functions.
time.sleep = lambda seconds: select.select([], [], [], seconds)

import botocore.session  # noqa: E402 pylint: disable=wrong-import-position

ENDPOINTS = {"sts": "AWS_ENDPOINT_URL_STS", "sso": "AWS_ENDPOINT_URL_SSO", "sso-oidc": "AWS_ENDPOINT_URL_SSO_OIDC"}


class Session(botocore.session.Session):
    def create_client(self, service_name, *arguments, **options):
        address = os.environ.get(ENDPOINTS.get(service_name, ""))
        if address:
            options.setdefault("endpoint_url", address)
        return super().create_client(service_name, *arguments, **options)


def credentials(profile):
    found = Session(profile=profile).get_credentials()
    if found is None:
        return {"error": "Unable to locate credentials"}
    frozen = found.get_frozen_credentials()
    end = getattr(found, "_expiry_time", None)
    return {"result": {"access_key_id": frozen.access_key, "secret_access_key": frozen.secret_key, "session_token": frozen.token or "",
                       "expiration": end.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if end else ""}}


def token(host, port, user, region):
    client = Session().create_client("rds", region_name=region)
    return {"token": client.generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user)}


def main():
    logging.disable(logging.CRITICAL)
    os.environ.setdefault("AWS_STS_REGIONAL_ENDPOINTS", "regional")  # the default of this old release is the global endpoint
    os.environ.setdefault("BOTO_DISABLE_CRT", "true")
    metadata = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")
    if metadata and not metadata.endswith("/"):  # this old release adds no slash
        os.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = metadata + "/"
    try:
        if sys.argv[1:2] == ["token"]:
            answer = token(*sys.argv[2:])
        else:
            answer = credentials(sys.argv[2] if sys.argv[1:2] == ["--profile"] else None)
    except Exception as error:  # pylint: disable=broad-except
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
