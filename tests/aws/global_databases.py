# SPDX-License-Identifier: Apache-2.0
"""global_databases: as much of Amazon RDS's own service as tells where a global database writes. Signatures are recomputed from the keys that it knows.

    with GlobalDatabases() as rds:
        rds.know(keys); rds.databases["sales"] = ["eu-central-1", "us-east-1"]     # the first one writes
        run(..., env={"AWS_ENDPOINT_URL_RDS": rds.url, ...})
        rds.asked                                                                   # [(identifier, region that was asked)]
"""
from stand_in import Reply, StandIn, signature_fault

NAMESPACE = "http://rds.amazonaws.com/doc/2014-10-31/"
ACCOUNT = "111122223333"


def error(status, code, message):
    return Reply(status, f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>'
                         "<RequestId>test</RequestId></ErrorResponse>", {"Content-Type": "text/xml"})


def member(name, region, writes):
    # The readers of a cluster are listed in it, under an element of another name.
    return (f"<GlobalClusterMember><DBClusterArn>arn:aws:rds:{region}:{ACCOUNT}:cluster:{name}-{region}</DBClusterArn>"
            f"<Readers><member>arn:aws:rds:af-south-1:{ACCOUNT}:cluster:reader</member></Readers><IsWriter>{'true' if writes else 'false'}</IsWriter></GlobalClusterMember>")


class GlobalDatabases(StandIn):
    def __init__(self, **options):
        super().__init__(self._serve, **options)
        self.secrets, self.databases, self.asked = {}, {}, []
        self.denies = False

    def know(self, keys):
        self.secrets[keys[0]] = (keys[1], keys[2])

    def _serve(self, request):
        form = request.form
        region = request.headers.get("authorization", "").partition("Credential=")[2].split("/")[2:3]
        fault = signature_fault(request, self.secrets, "rds", region[0] if region else "")
        if fault:
            return error(403, "SignatureDoesNotMatch", f"The stand-in says: {fault}")
        if form.get("Version") != "2014-10-31" or form.get("Action") != "DescribeGlobalClusters":
            return error(400, "InvalidAction", "Could not find operation")
        name = form["GlobalClusterIdentifier"]
        self.asked.append((name, region[0]))
        if self.denies:
            return error(403, "AccessDenied", "User: arn:aws:iam::111122223333:user/jane is not authorized to perform: rds:DescribeGlobalClusters")
        if name not in self.databases:
            return error(404, "GlobalClusterNotFoundFault", f"Global cluster {name} not found")
        # Who writes does not always come first.
        regions = self.databases[name]
        members = "".join(member(name, one, one == regions[0]) for one in reversed(regions))
        return Reply(200, f'<DescribeGlobalClustersResponse xmlns="{NAMESPACE}"><DescribeGlobalClustersResult><GlobalClusters><GlobalClusterMember>'
                          f"<GlobalClusterIdentifier>{name}</GlobalClusterIdentifier><Status>available</Status>"
                          f"<GlobalClusterMembers>{members}</GlobalClusterMembers></GlobalClusterMember></GlobalClusters></DescribeGlobalClustersResult>"
                          "<ResponseMetadata><RequestId>test</RequestId></ResponseMetadata></DescribeGlobalClustersResponse>", {"Content-Type": "text/xml"})
