# SPDX-License-Identifier: Apache-2.0
"""instance_service: what the metadata service of an EC2 instance answers, for stand_in.StandIn. It insists on the token of version 2 unless told otherwise."""
import secrets

from stand_in import Reply

ROLES = "/latest/meta-data/iam/security-credentials/"


class InstanceService:
    """`token`: the status of the answer to the request for a token (200: a token); with any other, version 1 is served."""

    def __init__(self, keys_json, role="the-role", zone="eu-central-1b", token=200, prefix=""):
        self.keys_json, self.role, self.zone, self.token, self.prefix = keys_json, role, zone, token, prefix
        self.given = "TOKEN" + secrets.token_urlsafe(40)

    def __call__(self, request):
        path = request.path.removeprefix(self.prefix)
        if path == "/latest/api/token":
            if request.method != "PUT" or request.headers.get("x-aws-ec2-metadata-token-ttl-seconds") != "21600":
                return Reply(400, "bad request for a token")
            return Reply(200, self.given) if self.token == 200 else Reply(self.token)
        if request.method != "GET":
            return Reply(405)
        wanted = self.given if self.token == 200 else None
        if request.headers.get("x-aws-ec2-metadata-token") != wanted:
            return Reply(401, "token")
        if path == ROLES:
            return Reply(200, self.role)
        if path == ROLES + self.role.split("\n")[0]:
            return Reply(200, self.keys_json)
        if path == "/latest/meta-data/placement/availability-zone/":
            return Reply(200, self.zone)
        return Reply(404)
