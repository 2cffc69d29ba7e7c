# SPDX-License-Identifier: Apache-2.0
"""login_services: what AWS gives to log in with, on loopback, for tests: Secrets Manager (GetSecretValue), Redshift (GetClusterCredentials, GetClusterCredentialsWithIAM, DescribeClusters) and
Redshift Serverless (GetCredentials, GetWorkgroup). One server is all of them: the scope of a signature says which one is asked, and in which region. Signatures are recomputed, their time has to
be right, and a call has to be that service's own: version or target, content type, and no member that it does not know.

    with Logins(region="eu-central-1") as aws:
        keys = aws.user()
        aws.secret("prod/sales", {"username": "jane", "password": "..."})    # a dict, a text or bytes
        aws.cluster("sales", host="localhost", port=5439, passwords=lambda user: "...")
        aws.workgroup("bi", host="localhost", port=5439, passwords=lambda user: "...")
        run(..., env=aws.variables(keys))
        aws.calls                                   # [Call(operation, members, region)]

Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/; https://docs.aws.amazon.com/redshift/latest/APIReference/;
https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/
"""
import base64
import dataclasses
import json
import re
import time
from xml.sax.saxutils import escape

from stand_in import Reply, StandIn, signature_fault
from sts import ACCOUNT, basic_instant, instant, random_keys

NAMESPACE = "http://redshift.amazonaws.com/doc/2012-12-01/"
JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
# Members of each call: those that it has to have, those that it may have.
MEMBERS = {
    "GetSecretValue": ({"SecretId"}, {"VersionId", "VersionStage"}),
    "GetClusterCredentials": ({"ClusterIdentifier", "DbUser"}, {"DbName", "DurationSeconds", "AutoCreate", "DbGroups.DbGroup.N"}),
    "GetClusterCredentialsWithIAM": ({"ClusterIdentifier"}, {"DbName", "DurationSeconds"}),
    "DescribeClusters": ({"ClusterIdentifier"}, {"MaxRecords", "Marker"}),
    "GetCredentials": ({"workgroupName"}, {"dbName", "durationSeconds"}),
    "GetWorkgroup": ({"workgroupName"}, set())}
SERVICES = {"secretsmanager": ("GetSecretValue",), "redshift": ("GetClusterCredentials", "GetClusterCredentialsWithIAM", "DescribeClusters"),
            "redshift-serverless": ("GetCredentials", "GetWorkgroup")}
TARGETS = {"secretsmanager": "secretsmanager.", "redshift-serverless": "RedshiftServerless."}


@dataclasses.dataclass
class Call:
    operation: str
    members: dict
    region: str


@dataclasses.dataclass
class Warehouse:
    """A cluster or a workgroup. `passwords`: gives the password for a user as the database knows it."""
    name: str
    host: str
    port: int
    passwords: object
    database: str = "dev"
    status: str = "available"
    identity: str = "jane"  # the IAM user, as a database user is named after it
    users: tuple = ()       # who may be asked for; empty: everybody


class Refusal(Exception):
    """AWS's answer to what it does not do: code and message."""

    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.status = code, status


class Logins(StandIn):
    def __init__(self, region="eu-central-1", delay=0.0, **options):
        super().__init__(self._serve, **options)
        self.region, self.delay = region, delay
        self.secrets, self.values, self.clusters, self.workgroups, self.calls = {}, {}, {}, {}, []
        self.denied = set()  # operations
        self.lifetime = None  # seconds, whatever was asked for

    def user(self, keys=None):
        keys = keys or random_keys("AKIA", session=False)
        self.secrets[keys[0]] = (keys[1], keys[2])
        return keys

    def variables(self, keys):
        own = {"AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1], "AWS_SESSION_TOKEN": keys[2], "AWS_EC2_METADATA_DISABLED": "true"}
        return {**own, **self.endpoints()}

    def endpoints(self):
        return {f"AWS_ENDPOINT_URL_{service}": self.url for service in ("SECRETS_MANAGER", "REDSHIFT", "REDSHIFT_SERVERLESS")}

    def secret(self, name, value, region=None):
        """Its ARN. A dict is written as JSON; bytes are a SecretBinary."""
        arn = f"arn:aws:secretsmanager:{region or self.region}:{ACCOUNT}:secret:{name}-AbCdEf"
        self.values[(region or self.region, name)] = self.values[(region or self.region, arn)] = (name, arn, value)
        return arn

    def cluster(self, name, **about):
        self.clusters[name] = Warehouse(name, **about)
        return self.clusters[name]

    def workgroup(self, name, **about):
        self.workgroups[name] = Warehouse(name, **about)
        return self.workgroups[name]

    def operations(self):
        return [call.operation for call in self.calls]

    # ---- serving ----

    def _serve(self, request):
        self.ended.wait(self.delay)
        scope = re.search(r"Credential=[^/]+/\d{8}/([^/]+)/([^/]+)/aws4_request", request.headers.get("authorization", ""))
        region, service = scope.groups() if scope else ("", "")
        is_query = service == "redshift"
        try:
            if service not in SERVICES:
                raise Refusal("MissingAuthenticationToken", f"The stand-in does not know the service {service}", 403)
            fault = signature_fault(request, self.secrets, service, region)
            if fault:
                raise Refusal("InvalidClientTokenId" if "unknown key" in fault else "SignatureDoesNotMatch", f"The stand-in says: {fault}", 403)
            date = request.headers["x-amz-date"]
            if not basic_instant(-300) <= date <= basic_instant(300):
                raise Refusal("SignatureDoesNotMatch", f"Signature expired or not yet current: {date}", 403)
            operation, members = self._query_call(request) if is_query else self._json_call(request, service)
            self._check(service, operation, members)
            with self.lock:
                self.calls.append(Call(operation, members, region))
            if operation in self.denied:
                raise Refusal("AccessDenied" if is_query else "AccessDeniedException",
                              f"User: arn:aws:iam::{ACCOUNT}:user/jane is not authorized to perform: {service}:{operation}", 403 if is_query else 400)
            return getattr(self, "_" + operation)(members, region)
        except Refusal as refusal:
            return self._refused(refusal, is_query)

    @staticmethod
    def _refused(refusal, is_query):
        if is_query:
            return Reply(refusal.status, f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{refusal.code}</Code><Message>{escape(str(refusal))}</Message></Error>'
                                         "<RequestId>test</RequestId></ErrorResponse>", {"Content-Type": "text/xml"})
        return Reply(refusal.status, json.dumps({"__type": refusal.code, "message": str(refusal)}), {"Content-Type": JSON})

    @staticmethod
    def _query_call(request):
        form = request.form
        if request.headers.get("content-type") != FORM or form.pop("Version", "") != "2012-12-01" or request.raw_target != "/":
            raise Refusal("InvalidAction", "The stand-in says: not a call of this version")
        return form.pop("Action", ""), form

    @staticmethod
    def _json_call(request, service):
        target = request.headers.get("x-amz-target", "")
        if request.headers.get("content-type") != JSON or not target.startswith(TARGETS[service]) or request.raw_target != "/":
            raise Refusal("UnknownOperationException", "The stand-in says: not a call of this service")
        return target[len(TARGETS[service]):], json.loads(request.body)

    @staticmethod
    def _check(service, operation, members):
        if operation not in SERVICES[service]:
            raise Refusal("InvalidAction", f"Could not find operation {operation}")
        needed, possible = MEMBERS[operation]
        names = {re.sub(r"\.\d+$", ".N", name) for name in members}
        if not needed <= names <= needed | possible:
            raise Refusal("ValidationException", f"The stand-in says: members {sorted(names)}")
        duration = members.get("DurationSeconds", members.get("durationSeconds", 900))
        if not 900 <= int(duration) <= 3600 or isinstance(members.get("durationSeconds", 900), str):
            raise Refusal("ValidationException", "duration")

    # ---- Secrets Manager ----

    def _GetSecretValue(self, members, region):  # pylint: disable=invalid-name
        found = self.values.get((region, members["SecretId"]))
        if found is None:
            raise Refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        name, arn, value = found
        content = {"SecretBinary": base64.b64encode(value).decode()} if isinstance(value, bytes) else {
            "SecretString": json.dumps(value) if isinstance(value, dict) else value}
        return Reply(200, json.dumps({"ARN": arn, "Name": name, "VersionId": "00000000-0000-0000-0000-000000000001", "VersionStages": ["AWSCURRENT"],
                                      "CreatedDate": time.time(), **content}), {"Content-Type": JSON})

    # ---- Redshift ----

    def _found(self, members):
        if members["ClusterIdentifier"] not in self.clusters:
            raise Refusal("ClusterNotFound", f"Cluster {members['ClusterIdentifier']} not found.", 404)
        return self.clusters[members["ClusterIdentifier"]]

    @staticmethod
    def _answer(action, content):
        return Reply(200, f'<{action}Response xmlns="{NAMESPACE}"><{action}Result>{content}</{action}Result>'
                          f"<ResponseMetadata><RequestId>test</RequestId></ResponseMetadata></{action}Response>", {"Content-Type": "text/xml"})

    def _password(self, action, cluster, user, members):
        end = instant(self.lifetime or int(members.get("DurationSeconds", 900)))
        return self._answer(action, f"<DbUser>{escape(user)}</DbUser><DbPassword>{escape(cluster.passwords(user))}</DbPassword><Expiration>{end}</Expiration>")

    def _GetClusterCredentials(self, members, _):  # pylint: disable=invalid-name
        cluster = self._found(members)
        if cluster.users and members["DbUser"] not in cluster.users and members.get("AutoCreate") != "true":
            raise Refusal("AccessDenied", f"User: arn:aws:iam::{ACCOUNT}:user/jane is not authorized to perform: redshift:GetClusterCredentials", 403)
        kind = "IAMA" if members.get("AutoCreate") == "true" else "IAM"
        groups = "".join(":" + members[f"DbGroups.DbGroup.{n}"] for n in range(1, 20) if f"DbGroups.DbGroup.{n}" in members)
        return self._password("GetClusterCredentials", cluster, f"{kind}:{members['DbUser']}{groups}", members)

    def _GetClusterCredentialsWithIAM(self, members, _):  # pylint: disable=invalid-name
        cluster = self._found(members)
        return self._password("GetClusterCredentialsWithIAM", cluster, f"IAM:{cluster.identity}", members)

    def _DescribeClusters(self, members, _):  # pylint: disable=invalid-name
        cluster = self._found(members)
        endpoint = f"<Endpoint><Address>{escape(cluster.host)}</Address><Port>{cluster.port}</Port></Endpoint>" if cluster.host else ""
        return self._answer("DescribeClusters", f"<Clusters><Cluster><ClusterIdentifier>{escape(cluster.name)}</ClusterIdentifier>{endpoint}<DBName>{escape(cluster.database)}</DBName>"
                                                f"<ClusterStatus>{cluster.status}</ClusterStatus></Cluster></Clusters>")

    def _workgroup(self, members):
        if members["workgroupName"] not in self.workgroups:
            raise Refusal("ResourceNotFoundException", f"Workgroup {members['workgroupName']} not found")
        return self.workgroups[members["workgroupName"]]

    def _GetCredentials(self, members, _):  # pylint: disable=invalid-name
        workgroup = self._workgroup(members)
        user = f"IAM:{workgroup.identity}"
        end = time.time() + (self.lifetime or members.get("durationSeconds", 900))
        return Reply(200, json.dumps({"dbUser": user, "dbPassword": workgroup.passwords(user), "expiration": end, "nextRefreshTime": end + 60}), {"Content-Type": JSON})

    def _GetWorkgroup(self, members, _):  # pylint: disable=invalid-name
        workgroup = self._workgroup(members)
        endpoint = {"endpoint": {"address": workgroup.host, "port": workgroup.port, "vpcEndpoints": []}} if workgroup.host else {}
        return Reply(200, json.dumps({"workgroup": {"workgroupName": workgroup.name, "status": workgroup.status.upper(), "port": workgroup.port, **endpoint}}), {"Content-Type": JSON})
