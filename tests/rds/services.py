#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""services: the AWS services of the local RDS that hand out logins; part of it (see rds.py). Secrets Manager has a secret for each database (local-pg, local-maria), with plain_user's password, and
one whose password is wrong (not-current); Redshift has the cluster
local-cluster and the workgroup local-workgroup, which are the local PostgreSQL: their passwords are made for each login, as Redshift's are. Whoever asks RDS, Redshift or Aurora DSQL what there is, or STS who he is, hears
of the account of docs/discover.md (../aws/databases.py). Signatures are recomputed from BOX/keys.json.

Usage: services.py --box BOX       writes BOX/services.port once it answers
"""
import argparse
import json
import os
import re
import secrets
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "aws"))
import databases  # noqa: E402  pylint: disable=wrong-import-position
from login_services import Logins  # noqa: E402  pylint: disable=wrong-import-position


def new_password(box, port):
    """A user of PostgreSQL as Redshift names it gets a new password."""
    lock = threading.Lock()

    def made(user):
        password, name = secrets.token_urlsafe(18), '"' + user.replace('"', '""') + '"'
        literal = "'" + user.replace("'", "''") + "'"
        statements = (f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal}) THEN CREATE ROLE {name} LOGIN IN ROLE plain_user; END IF; END $$;\n"
                      f"ALTER ROLE {name} PASSWORD '{password}';\n")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        with lock:
            subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", box + "/pg", "-p", str(port), "-U", "rdsadmin", "-d", "app"], input=statements, text=True, check=True,
                           timeout=30, env=environment, stdout=subprocess.DEVNULL)
        return password
    return made


def is_of_the_account(request):
    """Whether a call asks what there is, not for a login."""
    service = re.search(r"Credential=[^,]*/([^/,]+)/aws4_request", request.headers.get("authorization", ""))
    if service and service[1] in ("rds", "dsql", "sts"):
        return True
    lists_clusters = b"Action=DescribeClusters" in request.body and b"ClusterIdentifier" not in request.body
    return lists_clusters or request.headers.get("x-amz-target", "").endswith(".ListWorkgroups")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--box", required=True)
    box = parser.parse_args().box
    with open(box + "/keys.json", encoding="utf-8") as file:
        content = json.load(file)
    with open(box + "/services.json", encoding="utf-8") as file:
        about = json.load(file)
    account = databases.example(databases.Inventory())
    with Logins(region=about["region"]) as aws:
        of_logins = aws.handler
        aws.handler = lambda request: account.answer(request) if is_of_the_account(request) else of_logins(request)
        for key_id, key in content["keys"].items():
            aws.secrets[key_id] = (key["secret"], key["session_token"])
            account.user(keys=(key_id, key["secret"], key["session_token"]))
        for name, engine, port in (("local-pg", "postgres", about["port"]), ("local-maria", "mariadb", about["maria_port"])):
            if port:
                aws.secret(name, {"engine": engine, "host": "localhost", "port": port, "username": "plain_user", "password": content["passwords"]["plain_user"], "dbname": "app"})
        aws.secret("not-current", {"username": "plain_user", "password": secrets.token_urlsafe(18)})
        warehouse = {"host": "localhost", "port": about["port"], "database": "app", "passwords": new_password(box, about["port"])}
        aws.cluster("local-cluster", **warehouse)
        aws.workgroup("local-workgroup", **warehouse)
        with open(box + "/services.port.new", "w", encoding="ascii") as file:
            file.write(f"{aws.port}\n")
        os.replace(box + "/services.port.new", box + "/services.port")
        threading.Event().wait()


main()
