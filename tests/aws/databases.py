# SPDX-License-Identifier: Apache-2.0
"""databases: what AWS tells of the databases of an account, on loopback, for tests: RDS (DescribeDBInstances, DescribeDBClusters, DescribeDBClusterEndpoints, DescribeDBProxies,
DescribeDBProxyEndpoints, DescribeGlobalClusters), Redshift (DescribeClusters), Redshift Serverless (ListWorkgroups, GetWorkgroup), Aurora DSQL (ListClusters, GetCluster), STS (GetCallerIdentity).
One server is all of them in all regions: it reads service and region from the scope of a signature, which it recomputes, and a call has to be that service's own, version and members included.

    with Databases() as aws:
        keys = aws.user()                                # of account ACCOUNT
        aws.add("eu-central-1", instance("shop", "postgres", iam=True), ...)
        run(..., env=aws.variables())
        aws.calls                                        # [(region, operation, marker)]
        aws.denied = {("eu-west-3", "")}                 # AccessDenied: a region, an operation or both ("" any)
        aws.switched_off = {"me-south-1"}                # knows no key of this account
        aws.throttle_every = 7                           # each seventh call is told to come again
        aws.empty_pages = True                           # each list begins with a page without rows

Shapes are those of AWS's API references (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/ and those of the others).
"""
import base64
import dataclasses
import hashlib
import json
import re
import time
from xml.sax.saxutils import escape

from stand_in import Reply, StandIn, signature_fault
from sts import basic_instant, random_keys

ACCOUNT = "123456789012"
DOMAIN = "cabc123def45"  # of the account's endpoints
VERSIONS = {"rds": "2014-10-31", "redshift": "2012-12-01", "sts": "2011-06-15"}
ENGINE_VERSIONS = {"postgres": "15.4", "aurora-postgresql": "16.4", "mysql": "8.0.39", "mariadb": "10.11.6", "aurora-mysql": "8.0.mysql_aurora.3.05.2", "docdb": "5.0.0",
                   "neptune": "1.3.2.0", "sqlserver-ex": "15.00.4385.2.v1", "oracle-se2": "19.0.0.0.ru-2024-07.rur-2024-07.r1"}
PORTS = {"postgres": 5432, "aurora-postgresql": 5432, "docdb": 27017, "neptune": 8182, "sqlserver-ex": 1433, "oracle-se2": 1521}


@dataclasses.dataclass
class Entry:
    """One thing that there is: which list it is in, its name, what it tells (a dict; lists of dicts are members)."""
    kind: str
    name: str
    content: dict


def resource(prefix, name, letters=26):
    """An id as AWS makes them, always the same for a name."""
    return prefix + base64.b32encode(hashlib.sha512(name.encode()).digest()).decode()[:letters].replace("=", "A")


def small(text):
    return text.lower()


def instance(name, engine, iam=False, cluster="", host=None, port=None, status="available", database="", padding=0, **more):
    """`padding`: this many tags, as large accounts have them."""
    content = {"DBInstanceIdentifier": name, "Engine": engine, "EngineVersion": ENGINE_VERSIONS[engine], "DBInstanceStatus": status,
               "DbiResourceId": resource("db-", name), "IAMDatabaseAuthenticationEnabled": iam, "DBClusterIdentifier": cluster or None, "DBName": database or None,
               "DBInstanceArn": f"arn:aws:rds:REGION:{ACCOUNT}:db:{name}", "MasterUsername": "admin", "DBInstanceClass": "db.t4g.medium",
               "Endpoint": None if status == "creating" else {"Address": host or f"{name}.{DOMAIN}.REGION.rds.amazonaws.com", "Port": port or PORTS.get(engine, 3306),
                                                              "HostedZoneId": "Z1RLNUO7B9Q6NB"},
               "VpcSecurityGroups": [("VpcSecurityGroupMembership", {"VpcSecurityGroupId": "sg-0123456789abcdef0", "Status": "active"})],
               "DBParameterGroups": [("DBParameterGroup", {"DBParameterGroupName": "default." + engine, "ParameterApplyStatus": "in-sync"})],
               "TagList": [("Tag", {"Key": f"tag-{number}", "Value": "x" * 80}) for number in range(padding)], **more}
    return Entry("DescribeDBInstances", name, content)


def cluster(name, engine, iam=False, host=None, reader=True, port=None, status="available", database=""):
    def address(prefix):
        return host or f"{name}.{prefix}{DOMAIN}.REGION.rds.amazonaws.com"
    return Entry("DescribeDBClusters", name, {
        "DBClusterIdentifier": name, "Engine": engine, "EngineVersion": ENGINE_VERSIONS[engine], "Status": status, "DbClusterResourceId": resource("cluster-", name),
        "IAMDatabaseAuthenticationEnabled": iam, "Endpoint": address("cluster-"), "ReaderEndpoint": address("cluster-ro-") if reader else None,
        "Port": port or PORTS.get(engine, 3306), "DatabaseName": database or None, "DBClusterArn": f"arn:aws:rds:REGION:{ACCOUNT}:cluster:{name}",
        "DBClusterMembers": [("DBClusterMember", {"DBInstanceIdentifier": name + "-1", "IsClusterWriter": True})]})


def cluster_endpoint(name, of_cluster, kind="CUSTOM"):
    middle = {"CUSTOM": "cluster-custom-", "READER": "cluster-ro-", "WRITER": "cluster-"}[kind]
    own = {"DBClusterEndpointIdentifier": name} if kind == "CUSTOM" else {}
    return Entry("DescribeDBClusterEndpoints", name, {**own, "DBClusterIdentifier": of_cluster, "EndpointType": kind, "Status": "available",
                                                       "Endpoint": f"{name}.{middle}{DOMAIN}.REGION.rds.amazonaws.com", "StaticMembers": [("member", of_cluster + "-1")]})


def proxy(name, family, iam="REQUIRED", scheme=None):
    """`iam`: of its only secret, or a list, of each of them."""
    each = [iam] if isinstance(iam, str) else iam or []
    return Entry("DescribeDBProxies", name, {
        "DBProxyName": name, "DBProxyArn": f"arn:aws:rds:REGION:{ACCOUNT}:db-proxy:{small(resource('prx-', name, 17))}", "Status": "available", "EngineFamily": family,
        "Endpoint": f"{name}.proxy-{DOMAIN}.REGION.rds.amazonaws.com", "RequireTLS": True, "DefaultAuthScheme": scheme,
        "Auth": [("member", {"AuthScheme": "SECRETS", "IAMAuth": one, "SecretArn": f"arn:aws:secretsmanager:REGION:{ACCOUNT}:secret:x-AbCdEf"}) for one in each]})


def proxy_endpoint(name, of_proxy, role="READ_ONLY", default=False):
    middle = "proxy-" if default else "endpoint.proxy-"
    return Entry("DescribeDBProxyEndpoints", name, {
        "DBProxyEndpointName": name, "DBProxyName": of_proxy, "Status": "available", "TargetRole": role, "IsDefault": default,
        "Endpoint": f"{name}.{middle}{DOMAIN}.REGION.rds.amazonaws.com", "DBProxyEndpointArn": f"arn:aws:rds:REGION:{ACCOUNT}:db-proxy-endpoint:{small(resource('prx-endpoint-', name, 17))}"})


def global_cluster(name, members):
    """`members`: [(region, cluster)], the writer first."""
    return Entry("DescribeGlobalClusters", name, {"GlobalClusterIdentifier": name, "Engine": "aurora-postgresql", "Status": "available", "GlobalClusterMembers": [
        ("GlobalClusterMember", {"DBClusterArn": f"arn:aws:rds:{region}:{ACCOUNT}:cluster:{of_it}", "IsWriter": place == 0}) for place, (region, of_it) in enumerate(members)]})


def redshift(name, database="dev", host=None, port=5439):
    return Entry("DescribeClusters", name, {
        "ClusterIdentifier": name, "ClusterStatus": "available", "ClusterVersion": "1.0", "DBName": database, "NodeType": "ra3.large",
        "ClusterNamespaceArn": f"arn:aws:redshift:REGION:{ACCOUNT}:namespace:5b3f1d5c-1111-2222-3333-444455556666",
        "Endpoint": {"Address": host or f"{name}.{DOMAIN}.REGION.redshift.amazonaws.com", "Port": port}})


def workgroup(name, host=None, port=5439):
    number = hashlib.sha256(name.encode()).hexdigest()
    identifier = f"{number[:8]}-{number[8:12]}-{number[12:16]}-{number[16:20]}-{number[20:32]}"
    return Entry("ListWorkgroups", name, {
        "workgroupName": name, "workgroupId": identifier, "workgroupArn": f"arn:aws:redshift-serverless:REGION:{ACCOUNT}:workgroup/{identifier}", "status": "AVAILABLE",
        "namespaceName": name, "creationDate": "2024-05-06T07:08:09.123000+00:00",
        "endpoint": {"address": host or f"{name}.{ACCOUNT}.REGION.redshift-serverless.amazonaws.com", "port": port}})


def dsql(name, endpoint=True):
    identifier = small(resource("", name))
    return Entry("ListClusters", identifier, {
        "identifier": identifier, "arn": f"arn:aws:dsql:REGION:{ACCOUNT}:cluster/{identifier}", "status": "ACTIVE", "creationTime": 1714979289.123, "deletionProtectionEnabled": True,
        **({"endpoint": f"{identifier}.dsql.REGION.on.aws"} if endpoint else {})})


# ---- what a query service writes ----

def xml_of(content):
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, dict):
        return "".join(f"<{name}>{xml_of(value)}</{name}>" for name, value in content.items() if value is not None)
    if isinstance(content, list):
        return "".join(f"<{name}>{xml_of(value)}</{name}>" for name, value in content)
    return escape(str(content))


@dataclasses.dataclass
class Listing:
    service: str
    many: str        # the element of the list
    one: str         # of each of its rows
    key: str         # the member that asks for a single one
    missing: str     # the code where there is none of that name; empty: an empty list
    more: tuple = ()  # members besides


LISTINGS = {
    "DescribeDBInstances": Listing("rds", "DBInstances", "DBInstance", "DBInstanceIdentifier", "DBInstanceNotFound"),
    "DescribeDBClusters": Listing("rds", "DBClusters", "DBCluster", "DBClusterIdentifier", "DBClusterNotFoundFault", ("IncludeShared",)),
    "DescribeDBClusterEndpoints": Listing("rds", "DBClusterEndpoints", "DBClusterEndpointList", "DBClusterEndpointIdentifier", "", ("DBClusterIdentifier",)),
    "DescribeDBProxies": Listing("rds", "DBProxies", "member", "DBProxyName", "DBProxyNotFoundFault"),
    "DescribeDBProxyEndpoints": Listing("rds", "DBProxyEndpoints", "member", "DBProxyEndpointName", "DBProxyEndpointNotFoundFault", ("DBProxyName",)),
    "DescribeGlobalClusters": Listing("rds", "GlobalClusters", "GlobalClusterMember", "GlobalClusterIdentifier", "GlobalClusterNotFoundFault"),
    "DescribeClusters": Listing("redshift", "Clusters", "Cluster", "ClusterIdentifier", "ClusterNotFound"),
}


def query_error(status, code, message):
    return Reply(status, f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error><RequestId>test</RequestId></ErrorResponse>",
                 {"Content-Type": "text/xml"})


def json_error(status, code, message):
    return Reply(status, json.dumps({"__type": code, "message": message}), {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code})


class Inventory:
    """What there is, and how each service tells of it; without a server of its own."""

    def __init__(self, page=100, delay=0.0):
        self.page, self.delay = page, delay
        self.entries, self.rendered = {}, {}  # {(region, list): [Entry]}
        self.secrets, self.callers = {}, {}   # {key id: (secret, token)}, {key id: arn}
        self.calls, self.faults_seen = [], []
        self.denied, self.switched_off, self.throttle_every, self.empty_pages = set(), set(), 0, False
        self._count = 0

    def user(self, name="jane", keys=None):
        keys = keys or random_keys()
        self.secrets[keys[0]] = (keys[1], keys[2])
        self.callers[keys[0]] = f"arn:aws:iam::{ACCOUNT}:user/{name}"
        return keys

    def add(self, region, *entries):
        for entry in entries:
            self.entries.setdefault((region, entry.kind), []).append(
                Entry(entry.kind, entry.name, json.loads(json.dumps(entry.content).replace("REGION", region))))

    def operations(self):
        return [operation for _, operation, _ in self.calls]

    # ---- the door ----

    def answer(self, request):
        scope = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/aws4_request", request.headers.get("authorization", ""))
        if not scope:
            return query_error(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
        key_id, region, service = scope.groups()
        error = query_error if service in VERSIONS else json_error
        fault = signature_fault(request, self.secrets, service, region)
        if fault and fault.startswith("unknown key") or region in self.switched_off:
            return error(403, "InvalidClientTokenId" if service in VERSIONS else "UnrecognizedClientException", "The security token included in the request is invalid.")
        if not fault and not basic_instant(-300) <= request.headers["x-amz-date"] <= basic_instant(300):
            fault = "the time"
        if fault:
            self.faults_seen.append(fault)
            return error(403, "SignatureDoesNotMatch", f"The stand-in says: {fault}")
        if self.delay:
            time.sleep(self.delay)
        serve = getattr(self, "_serve_" + service.replace("-", "_"), None)
        if serve is None:
            self.faults_seen.append(service)
            return error(400, "UnknownOperationException", "the scope names a service that is not played here")
        return serve(request, region, key_id)

    def _hindrance(self, region, operation, key_id, marker, error):
        """Why this call is not answered; also counts it."""
        self.calls.append((region, operation, marker))
        self._count += 1
        if self.throttle_every and self._count % self.throttle_every == 0:
            return error(400, "Throttling" if error is query_error else "ThrottlingException", "Rate exceeded")
        if {(region, ""), ("", operation), (region, operation), ("", "")} & self.denied:
            prefix = LISTINGS[operation].service if operation in LISTINGS else "dsql" if "Cluster" in operation else "redshift-serverless"
            return error(403, "AccessDenied" if error is query_error else "AccessDeniedException",
                         f"User: {self.callers[key_id]} is not authorized to perform: {prefix}:{operation} because no identity-based policy allows the action")
        return None

    def _bad_call(self, error, what):
        self.faults_seen.append(what)
        return error(400, "ValidationError" if error is query_error else "ValidationException", what)

    def _page(self, rows, marker, size):
        """The rows behind a marker, and the next one (or None); a marker that was not made here is an error (KeyError)."""
        start = -1 if self.empty_pages else 0
        if marker:
            text = base64.b64decode(marker).decode()
            if not text.startswith("at "):
                raise KeyError(marker)
            start = int(text[3:])
        end = 0 if start < 0 else start + size
        found = [] if start < 0 else rows[start:end]
        return found, base64.b64encode(f"at {end}".encode()).decode() if end < len(rows) else None

    # ---- query services ----

    def _query(self, request, region, key_id, service):
        form = request.form
        operation = form.pop("Action", "")
        if form.pop("Version", "") != VERSIONS[service] or request.path != "/" or request.method != "POST" or \
                not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return self._bad_call(query_error, f"{operation}: not a call of {service}")
        listing = LISTINGS.get(operation)
        if listing is None or listing.service != service:
            return query_error(400, "InvalidAction", f"Could not find operation {operation}")
        if set(form) - {listing.key, "Marker", "MaxRecords", *listing.more}:
            return self._bad_call(query_error, f"{operation}: {sorted(form)}")
        hindrance = self._hindrance(region, operation, key_id, form.get("Marker", ""), query_error)
        if hindrance:
            return hindrance
        rows = self.entries.get((region, operation), [])
        name = form.get(listing.key)
        if name is not None:
            rows = [row for row in rows if row.name.lower() == name.lower()]
            if not rows and listing.missing:
                return query_error(404, listing.missing, f"{operation}: {name} not found.")
        if "DBProxyName" in form and operation == "DescribeDBProxyEndpoints":
            rows = [row for row in rows if row.content["DBProxyName"] == form["DBProxyName"]]
        try:
            shown, marker = self._page(rows, form.get("Marker"), int(form.get("MaxRecords", self.page)))
        except (KeyError, ValueError):
            return query_error(400, "InvalidParameterValue", "Invalid marker")
        written = "".join(f"<{listing.one}>{self._rendered(row)}</{listing.one}>" for row in shown)
        written = f"<{listing.many}>{written}</{listing.many}>" + (f"<Marker>{marker}</Marker>" if marker else "")
        return Reply(200, f'<{operation}Response xmlns="http://{service}.amazonaws.com/doc/{VERSIONS[service]}/"><{operation}Result>{written}</{operation}Result>'
                          f"<ResponseMetadata><RequestId>test</RequestId></ResponseMetadata></{operation}Response>", {"Content-Type": "text/xml"})

    def _rendered(self, row):
        if id(row) not in self.rendered:
            self.rendered[id(row)] = xml_of(row.content)
        return self.rendered[id(row)]

    def _serve_rds(self, request, region, key_id):
        return self._query(request, region, key_id, "rds")

    def _serve_redshift(self, request, region, key_id):
        return self._query(request, region, key_id, "redshift")

    def _serve_sts(self, request, region, key_id):
        hindrance = self._hindrance(region, "GetCallerIdentity", key_id, "", query_error)
        if hindrance or request.form != {"Action": "GetCallerIdentity", "Version": VERSIONS["sts"]}:
            return hindrance or self._bad_call(query_error, "sts")
        return Reply(200, f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{self.callers[key_id]}</Arn><UserId>AIDATEST</UserId><Account>{ACCOUNT}</Account>"
                          "</GetCallerIdentityResult></GetCallerIdentityResponse>", {"Content-Type": "text/xml"})

    # ---- JSON services ----

    def _serve_redshift_serverless(self, request, region, key_id):
        target = request.headers.get("x-amz-target", "")
        if not target.startswith("RedshiftServerless.") or request.headers.get("content-type") != "application/x-amz-json-1.1" or request.path != "/":
            return self._bad_call(json_error, f"{target}: not a call of Redshift Serverless")
        operation, members = target.partition(".")[2], json.loads(request.body)
        hindrance = self._hindrance(region, operation, key_id, members.get("nextToken", ""), json_error)
        if hindrance:
            return hindrance
        rows = self.entries.get((region, "ListWorkgroups"), [])
        if operation == "GetWorkgroup" and set(members) == {"workgroupName"}:
            found = [row.content for row in rows if row.name == members["workgroupName"]]
            return Reply(200, json.dumps({"workgroup": found[0]})) if found else json_error(400, "ResourceNotFoundException", "no such workgroup")
        if operation != "ListWorkgroups" or set(members) - {"nextToken", "maxResults"}:
            return self._bad_call(json_error, f"{operation}: {sorted(members)}")
        return self._json_page(rows, "workgroups", members.get("nextToken"), [row.content for row in rows])

    def _serve_dsql(self, request, region, key_id):
        parts = request.path.strip("/").split("/")
        if request.method != "GET" or request.body or parts[0] != "cluster" or len(parts) > 2 or set(request.query) - {"next-token", "max-results"}:
            return self._bad_call(json_error, f"{request.method} {request.raw_target}: not a call of DSQL")
        operation = "ListClusters" if len(parts) == 1 else "GetCluster"
        hindrance = self._hindrance(region, operation, key_id, request.query.get("next-token", ""), json_error)
        if hindrance:
            return hindrance
        rows = self.entries.get((region, "ListClusters"), [])
        if operation == "GetCluster":
            found = [row.content for row in rows if row.name == parts[1]]
            return Reply(200, json.dumps(found[0])) if found else json_error(404, "ResourceNotFoundException", "no such cluster")
        return self._json_page(rows, "clusters", request.query.get("next-token"), [{"identifier": row.name, "arn": row.content["arn"]} for row in rows])

    def _json_page(self, rows, name, marker, contents):
        try:
            shown, following = self._page(contents, marker, self.page)
        except (KeyError, ValueError):
            return json_error(400, "ValidationException", "Invalid token")
        assert len(rows) == len(contents)
        return Reply(200, json.dumps({name: shown, **({"nextToken": following} if following else {})}), {"Content-Type": "application/json"})


class Databases(Inventory, StandIn):
    def __init__(self, page=100, delay=0.0, **options):
        Inventory.__init__(self, page, delay)
        StandIn.__init__(self, self.answer, **options)

    def variables(self, keys=None):
        """The environment in which a program asks this server, with keys."""
        keys = keys or self.user()
        found = {"AWS_ENDPOINT_URL_" + name: self.url for name in ("RDS", "REDSHIFT", "REDSHIFT_SERVERLESS", "DSQL", "STS")}
        return {**found, "AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1], "AWS_SESSION_TOKEN": keys[2]}


def example(inventory):
    """The account of docs/discover.md."""
    inventory.add("eu-central-1",
                  instance("shop", "postgres", iam=True, database="app"),
                  instance("legacy", "mysql"),
                  instance("stock", "mariadb", iam=True),
                  cluster("web", "aurora-postgresql", iam=True, database="app"),
                  instance("web-1", "aurora-postgresql", cluster="web"),
                  instance("web-2", "aurora-postgresql", cluster="web"),
                  cluster_endpoint("web", "web", "WRITER"), cluster_endpoint("web", "web", "READER"), cluster_endpoint("reports", "web"),
                  cluster("catalog", "docdb"),
                  proxy("shop-proxy", "POSTGRESQL"), proxy_endpoint("shop-proxy", "shop-proxy", "READ_WRITE", default=True),
                  redshift("warehouse"), workgroup("adhoc"), dsql("ledger"))
    inventory.add("us-east-1", instance("shop-us", "postgres", iam=True, database="app"))
    return inventory
