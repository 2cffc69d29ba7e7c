#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`iamodbc discover`, its DSNs, what `iamodbc dsn add` offers, and `iamodbc policy`, against stand-ins of AWS that check every signature (databases.py)."""
import json
import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import databases  # noqa: E402 pylint: disable=wrong-import-position
from databases import (ACCOUNT, Databases, cluster, cluster_endpoint, dsql, example, global_cluster, instance, proxy, proxy_endpoint, redshift, resource,  # noqa: E402
                       workgroup)
from stand_in import Fault, Reply  # noqa: E402
from world import BUILD, PYTHON, TOP, World  # noqa: E402

sys.path.insert(0, os.path.join(TOP, "tests", "setup"))

REGION = "eu-central-1"
DOCUMENT = os.path.join(TOP, "docs", "discover.md")


class AwsWorld(World):
    def setUp(self):
        super().setUp()
        self.aws = Databases()
        self.aws.__enter__()
        self.addCleanup(self.aws.__exit__)
        self.keys = self.aws.user()
        self.secrets += self.keys[1:]
        self.variables = self.aws.variables(self.keys)
        self.write("odbcinst.ini", f"[iamodbc]\nDriver={BUILD}/lib/libiamodbc.so\n[PostgreSQL Unicode]\nDriver=psqlodbcw.so\n[MariaDB Unicode]\nDriver=libmaodbc.so\n")

    def tearDown(self):
        self.assertEqual([], self.aws.faults_seen)

    def run_tool(self, *arguments, status=0, **variables):
        done = self.tool(*arguments, **{**self.variables, **variables})
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        self.no_secret(done.stdout)
        return done

    def discover(self, *arguments, **options):
        return self.run_tool("discover", *arguments, **options)

    def found(self, *arguments, regions=(REGION,), **options):  # pylint: disable=arguments-differ
        places = [word for region in regions for word in ("--region", region)]
        return json.loads(self.discover("--json", *places, *arguments, **options).stdout)


class Discover(AwsWorld):
    def test_everything_that_there_is_as_a_table(self):
        example(self.aws)
        done = self.discover("--region", REGION)
        self.assertEqual("", done.stderr)
        rows = [line.split("  ") for line in done.stdout.splitlines()]
        rows = [[cell.strip() for cell in row if cell.strip()] for row in rows]
        self.assertEqual(["name", "kind", "engine", "status", "IAM", "region", "endpoint"], rows[0])
        end = f".{databases.DOMAIN}.{REGION}.rds.amazonaws.com"
        identifier = resource("", "ledger").lower()
        self.assertEqual([
            ["adhoc", "workgroup", "redshift-serverless", "available", "on", REGION, f"adhoc.{ACCOUNT}.{REGION}.redshift-serverless.amazonaws.com:5439"],
            ["catalog", "writer", "docdb 5.0.0", "available", "no ODBC", REGION, f"catalog.cluster-{end[1:]}:27017"],
            ["catalog", "reader", "docdb 5.0.0", "available", "no ODBC", REGION, f"catalog.cluster-ro-{end[1:]}:27017"],
            [identifier, "cluster", "aurora-dsql", "active", "on", REGION, f"{identifier}.dsql.{REGION}.on.aws:5432"],
            ["legacy", "instance", "mysql 8.0.39", "available", "off", REGION, f"legacy{end}:3306"],
            ["shop", "instance", "postgres 15.4", "available", "on", REGION, f"shop{end}:5432"],
            ["shop-proxy", "proxy", "postgresql", "available", "on", REGION, f"shop-proxy.proxy-{end[1:]}:5432"],
            ["stock", "instance", "mariadb 10.11.6", "available", "on", REGION, f"stock{end}:3306"],
            ["warehouse", "cluster", "redshift 1.0", "available", "on", REGION, f"warehouse.{databases.DOMAIN}.{REGION}.redshift.amazonaws.com:5439"],
            ["web", "writer", "aurora-postgresql 16.4", "available", "on", REGION, f"web.cluster-{end[1:]}:5432"],
            ["web", "reader", "aurora-postgresql 16.4", "available", "on", REGION, f"web.cluster-ro-{end[1:]}:5432"],
            ["reports", "custom", "aurora-postgresql 16.4", "available", "on", REGION, f"reports.cluster-custom-{end[1:]}:5432"],
            ["web-1", "instance", "aurora-postgresql 16.4", "available", "on", REGION, f"web-1{end}:5432"],
            ["web-2", "instance", "aurora-postgresql 16.4", "available", "on", REGION, f"web-2{end}:5432"]],
            rows[1:])
        places = {line.index(REGION, 40) for line in done.stdout.splitlines()[1:]}
        self.assertEqual(1, len(places), "the columns are not below each other")

    def test_what_programs_need_as_json(self):
        example(self.aws)
        content = self.found()
        self.assertEqual([], content["unanswered"])
        rows = {(row["name"], row["kind"]): row for row in content["databases"]}
        self.assertEqual({"region": REGION, "name": "shop", "kind": "instance", "engine": "postgres", "version": "15.4", "status": "available",
                          "host": f"shop.{databases.DOMAIN}.{REGION}.rds.amazonaws.com", "port": 5432, "family": "postgresql", "iam": True, "odbc": True, "database": "app",
                          "cluster": None, "resource_id": resource("db-", "shop"), "arn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:shop"}, rows["shop", "instance"])
        self.assertEqual((False, None, None), tuple(rows["catalog", "writer"][name] for name in ("odbc", "iam", "family")))
        self.assertIs(False, rows["legacy", "instance"]["iam"])
        # Of a member of a cluster the cluster's id counts for rds-db:connect.
        self.assertEqual(resource("cluster-", "web"), rows["web-1", "instance"]["resource_id"])
        self.assertEqual(resource("prx-", "shop-proxy", 17).lower(), rows["shop-proxy", "proxy"]["resource_id"])

    def test_engines_that_iam_does_not_open_are_listed_and_said_to_be_so(self):
        self.aws.add(REGION, instance("win", "sqlserver-ex"), instance("ora", "oracle-se2"), instance("graph-1", "neptune", cluster="graph"), cluster("graph", "neptune"),
                     instance("new", "postgres", iam=True, status="creating"), proxy("plain", "MYSQL", iam="DISABLED"), proxy("straight", "POSTGRESQL", iam=None, scheme="IAM_AUTH"),
                     proxy("mssql", "SQLSERVER", iam="ENABLED"))
        rows = {(row["name"], row["kind"]): row for row in self.found()["databases"]}
        self.assertEqual({"win": None, "ora": None, "graph-1": None, "new": True, "plain": False, "straight": True, "mssql": None},
                         {name: row["iam"] for (name, kind), row in rows.items() if kind in ("instance", "proxy")})
        self.assertEqual({"win": True, "ora": True, "graph-1": False, "new": True, "plain": True, "straight": True, "mssql": True},
                         {name: row["odbc"] for (name, kind), row in rows.items() if kind in ("instance", "proxy")})
        self.assertIsNone(rows["new", "instance"]["host"])

    def test_all_pages_are_read_also_behind_an_empty_one(self):
        for is_empty in (False, True):
            with self.subTest(is_empty), Databases(page=3) as aws:
                aws.empty_pages = is_empty
                example(aws)
                aws.add(REGION, *(instance(f"i{number}", "postgres") for number in range(10)), *(dsql(f"d{number}") for number in range(4)),
                        *(workgroup(f"w{number}") for number in range(4)))
                self.secrets += self.keys[1:]
                done = self.discover("--region", REGION, "--json", **aws.variables(self.keys_of(aws)))
                rows = [(row["name"], row["kind"]) for row in json.loads(done.stdout)["databases"]]
                self.assertEqual((14 + 18, 14 + 18), (len(rows), len(set(rows))))
                self.assertEqual([], aws.faults_seen)
                pages = [operation for _, operation, _ in aws.calls if operation == "DescribeDBInstances"]
                self.assertEqual(5 + is_empty, len(pages))  # 15 instances, three a page
                lists = [call for call in aws.calls if call[1] != "GetCluster"]
                self.assertEqual(len(lists), len(set(lists)), "a page was asked for twice")

    def keys_of(self, aws):
        keys = aws.user()
        self.secrets += keys[1:]
        return keys

    def test_a_list_that_never_ends_is_an_error(self):
        example(self.aws)
        endless = "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances/><Marker>again</Marker></DescribeDBInstancesResult></DescribeDBInstancesResponse>"
        real = self.aws.handler
        self.aws.handler = lambda request: Reply(200, endless) if b"DescribeDBInstances" in request.body else real(request)
        done = self.discover("--region", REGION)
        self.assertIn("The answer to DescribeDBInstances is not what AWS sends.", done.stderr)
        self.assertIn("web.cluster-", done.stdout)

    def test_a_list_that_leads_back_is_an_error(self):
        example(self.aws)
        real, asked = self.aws.handler, []

        def two_pages(request):
            if b"Action=DescribeDBInstances" not in request.body:
                return real(request)
            asked.append(request.form.get("Marker", ""))
            marker = {"": "a", "a": "b", "b": "a"}[asked[-1]] if len(asked) < 50 else ""
            return Reply(200, "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances/>"
                              f"<Marker>{marker}</Marker></DescribeDBInstancesResult></DescribeDBInstancesResponse>")

        self.aws.handler = two_pages
        done = self.discover("--region", REGION)
        self.assertEqual(["", "a", "b"], asked)
        self.assertIn("The answer to DescribeDBInstances is not what AWS sends.", done.stderr)

    def test_what_is_not_an_answer_of_aws_is_said_and_the_rest_is_listed(self):
        example(self.aws)
        real = self.aws.handler
        for body in ("<html>please sign in</html>", "", "<DescribeDBClustersResponse></DescribeDBClustersResponse>", "{}"):
            with self.subTest(body):
                self.aws.handler = lambda request, body=body: Reply(200, body) if b"DescribeDBClusters&" in request.body or "/cluster" in request.path else real(request)
                done = self.discover("--region", REGION)
                self.assertIn("The answer to DescribeDBClusters is not what AWS sends.", done.stderr)
                self.assertIn("The answer to ListClusters is not what AWS sends.", done.stderr)
                self.assertIn("shop.", done.stdout)

    def test_a_call_that_is_throttled_is_made_again(self):
        example(self.aws)
        self.aws.throttle_every = 4
        done = self.discover("--region", REGION)
        self.assertEqual(("", 15), (done.stderr, len(done.stdout.splitlines())))

    def test_a_region_that_denies_is_reported_and_the_others_are_listed(self):
        example(self.aws)
        self.aws.denied = {("eu-west-3", "")}
        done = self.discover("--region", REGION, "--region", "eu-west-3", "--region", "us-east-1")
        self.assertEqual(16, len(done.stdout.splitlines()))
        self.assertRegex(done.stderr, r"Amazon RDS in eu-west-3: An error occurred \(AccessDenied\) when calling the Describe\w+ operation: .* not authorized")
        self.assertRegex(done.stderr, r"likewise (Describe\w+, ){3}Describe\w+\)")
        self.assertEqual(4, len(done.stderr.splitlines()), done.stderr)  # one line a service
        content = self.found(regions=(REGION, "eu-west-3"))
        self.assertEqual({"eu-west-3"}, {one["region"] for one in content["unanswered"]})
        self.assertEqual({"AccessDenied", "AccessDeniedException"}, {one["code"] for one in content["unanswered"]})
        self.aws.denied = {("", "")}
        self.assertIn("AccessDenied", self.discover("--region", REGION, status=1).stderr)

    def test_the_same_answer_of_several_regions_is_one_line(self):
        self.aws.denied = {("eu-west-3", "DescribeDBProxies"), ("us-east-1", "DescribeDBProxies")}
        done = self.discover("--region", "eu-west-3", "--region", "us-east-1")
        self.assertIn("Amazon RDS in eu-west-3, us-east-1: An error", done.stderr)

    def test_every_region_is_asked_and_those_that_are_not_switched_on_are_not_missed(self):
        example(self.aws)
        self.aws.switched_off = {"me-south-1", "af-south-1"}
        done = self.discover("--all-regions")
        self.assertEqual("", done.stderr)
        self.assertIn("shop-us.", done.stdout)
        asked = {region for region, _, _ in self.aws.calls}
        self.assertGreaterEqual(len(asked), 32)
        self.assertTrue(all(region.count("-") == 2 and not region.startswith(("cn-", "us-gov-", "us-iso")) for region in asked), asked)
        # Where it is always on, an unknown key is an unknown key; and so it is where nobody knows it.
        self.aws.switched_off = {"us-west-2"}
        self.assertIn("InvalidClientTokenId", self.discover("--region", "us-west-2", "--region", REGION).stderr)
        self.aws.switched_off = {"me-south-1"}
        self.assertIn("InvalidClientTokenId", self.discover("--region", "me-south-1", status=1).stderr)

    def test_all_regions_are_those_of_the_partition(self):
        self.discover("--all-regions", AWS_REGION="cn-north-1")
        self.assertEqual({"cn-north-1", "cn-northwest-1"}, {region for region, _, _ in self.aws.calls})

    def test_one_engine_asks_its_services_alone(self):
        example(self.aws)
        for engine, calls, names in (("redshift", {"DescribeClusters", "ListWorkgroups"}, {"adhoc", "warehouse"}),
                                     ("dsql", {"ListClusters", "GetCluster"}, {resource("", "ledger").lower()}),
                                     ("mysql", {"DescribeDBInstances", "DescribeDBClusters", "DescribeDBClusterEndpoints", "DescribeDBProxies", "DescribeDBProxyEndpoints"},
                                      {"legacy", "stock"}),
                                     ("postgresql", None, {"shop", "shop-proxy", "web", "web-1", "web-2", "reports"})):
            with self.subTest(engine):
                self.aws.calls.clear()
                self.assertEqual(names, {row["name"] for row in self.found("--engine", engine)["databases"]})
                if calls:
                    self.assertEqual(calls, set(self.aws.operations()))
        self.assertIn("--engine", self.discover("--engine", "oracle", "--region", REGION, status=2).stderr)

    def test_the_region_is_that_of_the_environment_or_the_profile(self):
        example(self.aws)
        self.assertIn("shop-us", self.discover(AWS_REGION="us-east-1").stdout)
        self.write(".aws/config", f"[profile here]\nregion = {REGION}\n")
        self.assertIn("web.cluster-", self.discover(AWS_PROFILE="here").stdout)
        done = self.discover(status=1)
        self.assertIn("No region is known", done.stderr)
        self.assertIn("--all-regions", done.stderr)
        self.assertIn("not the name of an AWS region", self.discover("--region", "Frankfurt am Main", status=1).stderr)
        self.assertIn("nothing was found; --all-regions", self.discover("--region", "eu-west-1").stderr)

    def test_without_credentials_nobody_is_asked(self):
        done = self.tool("discover", "--region", REGION)
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("Unable to locate credentials", done.stderr)
        self.assertEqual([], self.aws.requests)

    def test_a_cluster_that_tells_nothing_of_itself_is_still_found(self):
        self.aws.add(REGION, dsql("quiet", endpoint=False), dsql("shy"))
        self.assertEqual(2, len(self.found("--engine", "dsql")["databases"]))
        self.aws.denied = {("", "GetCluster")}
        content = self.found("--engine", "dsql")
        self.assertEqual([f"{resource('', name).lower()}.dsql.{REGION}.on.aws" for name in sorted(("quiet", "shy"), key=lambda one: resource("", one).lower())],
                         [row["host"] for row in content["databases"]])
        self.assertEqual(["AccessDeniedException"], [one["code"] for one in content["unanswered"]])

    def test_one_that_hangs_up_is_asked_again(self):
        example(self.aws)
        self.aws.faults = [Fault("close"), Fault("half"), Fault("status", 503)]
        self.assertEqual("", self.discover("--region", REGION).stderr)


class Requests(AwsWorld):
    """What is asked, beside what botocore asks for the same."""

    BOTOCORE = """
import json, sys
import botocore.session
from botocore.config import Config
session = botocore.session.get_session()
for service, operation, parameters in json.loads(sys.argv[2]):
    client = session.create_client(service, region_name=sys.argv[3], endpoint_url=sys.argv[1], config=Config(retries={"max_attempts": 1}))
    paginator = client.get_paginator(operation) if client.can_paginate(operation) else None
    for page in paginator.paginate(**parameters) if paginator else [getattr(client, operation)(**parameters)]:
        pass
"""

    def asked(self):
        """What each request says, but for what changes from one moment to the next."""
        def said(request):
            form = tuple(sorted(request.form.items())) if request.headers.get("content-type", "").startswith("application/x-www-form") else request.body
            signed = request.headers["authorization"].split("SignedHeaders=")[1].split(",")[0]
            scope = request.headers["authorization"].split("Credential=")[1].split(",")[0].split("/")[2:]
            return (request.method, request.raw_target, form, request.headers.get("content-type"), request.headers.get("x-amz-target"), signed, tuple(scope))
        all_of_it = sorted(map(said, self.aws.requests), key=str)
        self.aws.requests.clear()
        return all_of_it

    def test_they_are_botocores(self):
        example(self.aws)
        self.aws.page = 2
        self.discover("--region", REGION, "--engine", "redshift")
        self.discover("--region", REGION, "--engine", "postgresql")
        ours = self.asked()
        calls = [("rds", name, {}) for name in ("describe_db_instances", "describe_db_clusters", "describe_db_cluster_endpoints", "describe_db_proxies",
                                                "describe_db_proxy_endpoints")]
        calls += [("redshift", "describe_clusters", {}), ("redshift-serverless", "list_workgroups", {})]
        self.assertEqual(ours, self.asked_by_botocore(calls))

    def asked_by_botocore(self, calls):
        import subprocess
        environment = self.environment(AWS_ACCESS_KEY_ID=self.keys[0], AWS_SECRET_ACCESS_KEY=self.keys[1], AWS_SESSION_TOKEN=self.keys[2], BOTO_DISABLE_CRT="true")
        subprocess.run([PYTHON, "-c", self.BOTOCORE, self.aws.url, json.dumps(calls), REGION], env=environment, check=True, timeout=60)
        return self.asked()

    def test_those_of_a_policy_are_botocores(self):
        example(self.aws)
        self.dsn(Server=f"reports.cluster-custom-{databases.DOMAIN}.{REGION}.rds.amazonaws.com")
        self.run_tool("policy", "here")
        ours = self.asked()
        self.assertEqual(ours, self.asked_by_botocore([("rds", "describe_db_cluster_endpoints", {"DBClusterEndpointIdentifier": "reports"}),
                                                       ("rds", "describe_db_clusters", {"DBClusterIdentifier": "web"})]))


class WriteDsn(AwsWorld):
    def ini(self):
        with open(self.home + "/odbc.ini", encoding="utf-8", newline="") as file:
            return file.read()

    def write_dsns(self, *arguments, **options):
        return self.discover("--region", REGION, "--write-dsn", *arguments, **options).stdout

    def test_a_dsn_for_each_that_iam_opens(self):
        example(self.aws)
        printed = self.write_dsns("--engine", "postgresql", "--user", "jane_doe", "--set", "Fetch=1000")
        end = f".{databases.DOMAIN}.{REGION}.rds.amazonaws.com"
        rest = "UID=jane_doe\nFetch=1000\n"
        text = self.ini()
        self.assertIn(f"[shop]\nDriver=iamodbc\nBaseDriver=PostgreSQL Unicode\nServer=shop{end}\nPort=5432\nDatabase=app\n", text)
        self.assertIn(f"[web-reader]\nDriver=iamodbc\nBaseDriver=PostgreSQL Unicode\nServer=web.cluster-ro-{end[1:]}\n", text)
        self.assertEqual(["shop", "shop-proxy", "web", "web-reader", "reports"], [line[1:-1] for line in text.splitlines() if line.startswith("[")])
        self.assertEqual(5, text.count("Fetch=1000\nUID=jane_doe\n") + text.count(rest))
        self.assertIn(f"added to {self.home}/odbc.ini: shop, shop-proxy, web, web-reader, reports\n", printed)

    def test_a_second_time_nothing_changes(self):
        example(self.aws)
        self.write_dsns("--engine", "mysql")
        before = self.ini()
        self.assertIn("there already: stock\n", self.write_dsns("--engine", "mysql"))
        self.assertEqual(before, self.ini())

    def test_what_is_left_out_is_said(self):
        example(self.aws)
        self.aws.add(REGION, instance("win", "sqlserver-ex"), instance("new", "postgres", iam=True, status="creating"))
        printed = self.write_dsns()
        for text in ("left out: legacy: IAM authentication is off", "left out: catalog: it is not reached by ODBC", "left out: win: iamodbc has no driver for sqlserver-ex",
                     "left out: new: it has no endpoint yet"):
            self.assertIn(text, printed)
        self.assertNotIn("web-1", printed.split("added to")[1])

    def test_what_stands_in_the_file_stays_and_names_do_not_collide(self):
        text = "; mine\r\n[shop]\r\nDriver = PostgreSQL Unicode\r\n\r\n[ODBC Data Sources]\r\nshop = PostgreSQL Unicode"
        self.write("odbc.ini", text)
        self.aws.add(REGION, instance("shop", "postgres", iam=True), instance("x" * 40, "postgres", iam=True))
        self.aws.add("us-east-1", instance("shop", "postgres", iam=True))
        content = json.loads(self.discover("--region", REGION, "--region", "us-east-1", "--write-dsn", "--json").stdout)
        names = [one["dsn"] for one in content["dsns"]]
        self.assertEqual(["shop-eu-central-1", "x" * 32, "shop-us-east-1"], names)
        written = self.ini()
        self.assertTrue(written.startswith(text))
        for name in names:
            self.assertIn(f"\r\n{name}=iamodbc\r\n", written)
            self.assertIn(f"\r\n\r\n[{name}]\r\nDriver=iamodbc\r\nBaseDriver=PostgreSQL Unicode\r\n", written)
            self.assertIn("BaseDriver=PostgreSQL Unicode", self.run_tool("dsn", "show", name).stdout)

    def test_a_dsn_that_cannot_be_made_does_not_keep_the_others(self):
        self.aws.add(REGION, instance("good", "postgres", iam=True), instance("bad", "postgres", iam=True, host="a,b"))
        printed = self.write_dsns()
        self.assertIn("added to", printed)
        self.assertRegex(printed, "left out: bad: .*Server")
        self.assertNotIn("[bad]", self.ini())

    def test_secrets_and_wrong_options_are_refused(self):
        self.assertIn("holds a secret", self.discover("--region", REGION, "--write-dsn", "--set", "PWD=x", status=2).stderr)
        self.assertIn("--write-dsn", self.discover("--region", REGION, "--user", "x", status=2).stderr)
        self.assertEqual([], self.aws.requests)


class Offered(AwsWorld):
    def terminal(self, *arguments):
        from dsn_test import Terminal
        from world import TOOL
        made = Terminal([TOOL, "dsn", "add", *arguments], self.environment(**self.variables, AWS_REGION=REGION))
        self.addCleanup(lambda: made.process.poll() is None and made.process.kill())
        return made

    def test_a_question_mark_lists_them_and_a_number_chooses(self):
        example(self.aws)
        terminal = self.terminal("mine")
        terminal.expect("host or host:port): ")
        self.assertEqual([], self.aws.requests, "AWS was asked before anybody wanted it")
        terminal.say("?\n")
        shown = terminal.expect("host or host:port): ")
        line = next(line for line in shown.splitlines() if "stock" in line)
        self.assertNotIn("catalog", shown)
        terminal.say(line.split(")")[0].strip() + "\n")
        terminal.expect("Database user: ")
        terminal.say("jane\n")
        terminal.expect("choice): ")
        terminal.say("\n")
        output, status = terminal.end()
        self.assertEqual(0, status, output)
        with open(self.home + "/odbc.ini", encoding="utf-8") as file:
            self.assertEqual(f"[mine]\nDriver=iamodbc\nBaseDriver=MariaDB Unicode\nServer=stock.{databases.DOMAIN}.{REGION}.rds.amazonaws.com\nPort=3306\nUID=jane\n", file.read())

    def test_what_goes_wrong_is_said_and_the_question_stands(self):
        self.aws.denied = {("", "")}
        terminal = self.terminal("mine")
        terminal.expect("host or host:port): ")
        terminal.say("?\n")
        seen = terminal.expect("host or host:port): ")
        self.assertIn("AccessDenied", seen)
        terminal.say("localhost:5432\n")
        terminal.expect("Database user: ")


class Policy(AwsWorld):
    END = f"{databases.DOMAIN}.{REGION}.rds.amazonaws.com"
    WORLD = "world.global-abc123.global.rds.amazonaws.com"

    def policy(self, *arguments, status=0, variables=None, **attributes):
        self.dsn(**attributes)
        done = self.run_tool("policy", *(arguments or ("--json",)), "here", status=status, **(variables or {}))
        return done if arguments or status else (json.loads(done.stdout), done.stderr)

    def resources(self, **attributes):
        content, _ = self.policy(**attributes)
        (statement,) = content["policy"]["Statement"]
        self.assertEqual(("2012-10-17", "Allow", "rds-db:connect"), (content["policy"]["Version"], statement["Effect"], statement["Action"]))
        return statement["Resource"]

    def arn(self, identifier, user="jane"):
        return f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:{identifier}/{user}"

    def test_the_resource_of_each_kind_of_endpoint(self):
        example(self.aws)
        self.aws.add(REGION, proxy_endpoint("shop-read", "shop-proxy"))
        of_web, of_proxy = resource("cluster-", "web"), resource("prx-", "shop-proxy", 17).lower()
        for host, identifier in (("shop.", resource("db-", "shop")), ("web.cluster-", of_web), ("web.cluster-ro-", of_web), ("reports.cluster-custom-", of_web), ("web-2.", of_web),
                                 ("shop-proxy.proxy-", of_proxy), ("shop-read.endpoint.proxy-", of_proxy), ("SHOP.", resource("db-", "shop"))):
            with self.subTest(host):
                self.assertEqual(self.arn(identifier), self.resources(Server=host + self.END))
        self.assertEqual(self.arn(resource("db-", "shop")), self.resources(Server="localhost", TokenHost="shop." + self.END, Region=REGION))

    def test_it_is_printed_as_a_document_and_statements(self):
        example(self.aws)
        done = self.policy("--policy", Server="shop." + self.END)
        self.assertEqual(("2012-10-17", ""), (json.loads(done.stdout)["Version"], done.stderr))
        self.assertEqual('CREATE USER "jane";\nGRANT rds_iam TO "jane";\n', self.policy("--sql", Server="shop." + self.END).stdout)
        self.dsn(Server="shop." + self.END)
        whole = self.run_tool("policy", "here").stdout
        self.assertEqual(done.stdout + '\nCREATE USER "jane";\nGRANT rds_iam TO "jane";\n', whole)

    def test_every_cluster_of_a_global_database(self):
        self.aws.add(REGION, cluster("g-eu", "aurora-postgresql", iam=True), global_cluster("world", [(REGION, "g-eu"), ("us-east-1", "g-us")]))
        self.aws.add("us-east-1", cluster("g-us", "aurora-postgresql", iam=True))
        found = self.resources(Server=self.WORLD, Region=REGION)
        self.assertEqual([self.arn(resource("cluster-", "g-eu")), f"arn:aws:rds-db:us-east-1:{ACCOUNT}:dbuser:{resource('cluster-', 'g-us')}/jane"], found)

    def test_a_cluster_of_a_global_database_that_may_not_be_asked_about_is_a_placeholder(self):
        self.aws.add(REGION, cluster("g-eu", "aurora-postgresql", iam=True), global_cluster("world", [(REGION, "g-eu"), ("us-east-1", "g-us")]))
        self.aws.denied = {("us-east-1", "DescribeDBClusters")}
        content, errors = self.policy(Server=self.WORLD, Region=REGION)
        self.assertEqual([self.arn(resource("cluster-", "g-eu")), f"arn:aws:rds-db:us-east-1:{ACCOUNT}:dbuser:<RESOURCE-ID>/jane"], content["policy"]["Statement"][0]["Resource"])
        self.assertIn("AccessDenied", errors)
        self.assertIn("replace <RESOURCE-ID>", errors)

    def test_a_global_database_names_no_region(self):
        members = [(REGION, "g-eu"), ("ap-south-1", "g-in")]
        self.aws.add("us-east-1", global_cluster("world", members))
        self.aws.add(REGION, cluster("g-eu", "aurora-postgresql", iam=True), global_cluster("world", members))
        self.aws.add("ap-south-1", cluster("g-in", "aurora-postgresql", iam=True))
        wanted = [self.arn(resource("cluster-", "g-eu")), f"arn:aws:rds-db:ap-south-1:{ACCOUNT}:dbuser:{resource('cluster-', 'g-in')}/jane"]
        self.assertEqual(wanted, self.resources(Server=self.WORLD))
        self.aws.denied = {("", "DescribeGlobalClusters")}
        content, errors = self.policy(Server=self.WORLD)
        self.assertEqual("arn:aws:rds-db:<REGION>:<ACCOUNT-ID>:dbuser:<RESOURCE-ID>/jane", content["policy"]["Statement"][0]["Resource"])
        for text in ("AccessDenied", "replace <REGION>", "replace <ACCOUNT-ID>", "replace <RESOURCE-ID>"):
            self.assertIn(text, errors)

    def test_where_asking_is_denied_a_placeholder_says_so(self):
        example(self.aws)
        self.aws.denied = {("", "DescribeDBInstances")}
        content, errors = self.policy(Server="shop." + self.END)
        self.assertEqual(self.arn("<RESOURCE-ID>"), content["policy"]["Statement"][0]["Resource"])  # the account by STS
        for text in ("AccessDenied", "replace <RESOURCE-ID>", "describe-db-instances", "that of the credentials"):
            self.assertIn(text, errors)
        self.aws.denied = {("", "")}
        content, errors = self.policy(Server="shop." + self.END)
        self.assertEqual(f"arn:aws:rds-db:{REGION}:<ACCOUNT-ID>:dbuser:<RESOURCE-ID>/jane", content["policy"]["Statement"][0]["Resource"])
        self.assertIn("replace <ACCOUNT-ID>", errors)

    def test_without_credentials_or_an_endpoint_too(self):
        content, errors = self.policy(Server="shop." + self.END, variables={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_SESSION_TOKEN": None})
        self.assertIn("<ACCOUNT-ID>:dbuser:<RESOURCE-ID>/jane", content["policy"]["Statement"][0]["Resource"])
        self.assertIn("Unable to locate credentials", errors)
        content, errors = self.policy(Server="db.example.com", Region="cn-north-1")
        self.assertEqual(f"arn:aws-cn:rds-db:cn-north-1:{ACCOUNT}:dbuser:<RESOURCE-ID>/jane", content["policy"]["Statement"][0]["Resource"])
        self.assertIn("is no RDS endpoint", errors)

    def test_a_database_of_the_same_name_in_this_account_is_not_taken_for_it(self):
        example(self.aws)
        content, errors = self.policy(Server=f"shop.another12345.{REGION}.rds.amazonaws.com")
        self.assertIn("<RESOURCE-ID>", content["policy"]["Statement"][0]["Resource"])
        self.assertIn("has another endpoint", errors)
        self.assertIn("<RESOURCE-ID>", self.resources(Server="nosuch." + self.END))

    def test_iam_that_is_off_is_said(self):
        example(self.aws)
        _, errors = self.policy(Server="legacy." + self.END, BaseDriver="libmaodbc.so")
        self.assertIn("IAM authentication is off for legacy", errors)

    def test_statements_of_each_engine_and_user(self):
        example(self.aws)
        for attributes, wanted in (
                ({"UID": 'o"neil;x'}, ['CREATE USER "o""neil;x";', 'GRANT rds_iam TO "o""neil;x";']),
                ({"UID": "o'n\\eil", "BaseDriver": "libmaodbc.so"}, ["CREATE USER 'o''n\\\\eil'@'%' IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' REQUIRE SSL;"])):
            with self.subTest(attributes):
                content, _ = self.policy(**{"Server": "shop." + self.END, **attributes})
                self.assertEqual(wanted, content["sql"])
                self.assertTrue(content["policy"]["Statement"][0]["Resource"].endswith("/" + attributes["UID"]))
        self.assertTrue(self.resources(Server="shop." + self.END, UID="a*b?c$d").endswith("/a${*}b${?}c${$}d"))

    def test_behind_a_proxy_the_user_has_a_password(self):
        example(self.aws)
        self.aws.add(REGION, proxy("straight", "POSTGRESQL", iam=None, scheme="IAM_AUTH"), proxy("closed", "POSTGRESQL", iam="DISABLED"))
        content, _ = self.policy(Server="shop-proxy.proxy-" + self.END)
        self.assertIn("PASSWORD-IN-THE-SECRET", content["sql"][1])
        content, _ = self.policy(Server="straight.proxy-" + self.END)
        self.assertEqual('GRANT rds_iam TO "jane";', content["sql"][1])
        self.assertIn("does not ask for IAM", self.policy(Server="closed.proxy-" + self.END)[1])

    def test_every_secret_of_a_proxy_counts(self):
        self.aws.add(REGION, proxy("first", "POSTGRESQL", iam=["DISABLED", "REQUIRED"]), proxy("last", "MYSQL", iam=["ENABLED", "REQUIRED"]), proxy("none", "MYSQL", iam=["DISABLED"] * 2))
        self.assertEqual({"first": True, "last": True, "none": False}, {row["name"]: row["iam"] for row in self.found()["databases"]})
        for name, words in (("first", "asks for IAM for some of its secrets only"), ("none", "does not ask for IAM")):
            self.assertIn(words, self.policy(Server=f"{name}.proxy-{self.END}")[1])
        self.assertNotIn("IAM", self.policy(Server=f"last.proxy-{self.END}", BaseDriver="MariaDB Unicode")[1])

    def test_no_base_driver_needs_to_be_installed(self):
        example(self.aws)
        expected, _ = self.policy(Server="shop." + self.END)
        for more in ({"BaseDriver": "PostgreSQL Unicode(x64)"}, {"BaseDriver": "/nowhere/psqlodbcw.so"}, {"BaseDriver": "other", "Engine": "postgresql"},
                     {"BaseDriver": None, "Port": 5432}, {"BaseDriver": "other", "Port": 5432}, {"BaseDriver": None, "Engine": "postgresql"}):
            with self.subTest(more):
                self.assertEqual(expected, self.policy(Server="shop." + self.END, **more)[0])
        for more in ({"BaseDriver": "MariaDB ODBC 3.2 Driver"}, {"BaseDriver": "/nowhere/libmyodbc9w.so"}, {"BaseDriver": None, "Engine": "mysql"}):
            with self.subTest(more):
                self.assertIn("AWSAuthenticationPlugin", " ".join(self.policy(Server="shop." + self.END, **more)[0]["sql"]))
        self.assertIn("BaseDriver", self.policy(Server="shop." + self.END, BaseDriver="other", status=1).stderr)

    def test_of_aurora_dsql(self):
        self.aws.add(REGION, dsql("ledger"))
        identifier = resource("", "ledger").lower()
        host = f"{identifier}.dsql.{REGION}.on.aws"
        resource_arn = f"arn:aws:dsql:{REGION}:{ACCOUNT}:cluster/{identifier}"
        content, _ = self.policy(Server=host, AuthType="DSQL")
        self.assertEqual(("dsql:DbConnect", resource_arn), tuple(content["policy"]["Statement"][0][name] for name in ("Action", "Resource")))
        self.assertEqual(['CREATE ROLE "jane" WITH LOGIN;', f"AWS IAM GRANT \"jane\" TO 'arn:aws:iam::{ACCOUNT}:user/jane';"], content["sql"])
        content, _ = self.policy(Server=host, AuthType="DSQL", UID="admin")
        self.assertEqual("dsql:DbConnectAdmin", content["policy"]["Statement"][0]["Action"])

    def statements(self, **attributes):
        content, errors = self.policy(**{"Server": None, "BaseDriver": None, **attributes})
        return [(one["Action"], one["Resource"]) for one in content["policy"]["Statement"]], content["sql"], errors

    def dsn(self, **attributes):
        super().dsn(**attributes)
        with open(self.home + "/odbc.ini", encoding="utf-8") as file:
            kept = [line for line in file if not line.endswith("=None\n")]
        return self.write("odbc.ini", "".join(kept)) and "here"

    def test_of_a_redshift_cluster(self):
        self.aws.add(REGION, redshift("warehouse"))
        start = f"arn:aws:redshift:{REGION}:{ACCOUNT}:"
        found, sql, errors = self.statements(AuthType="Redshift", ClusterID="warehouse", Region=REGION)
        self.assertEqual([("redshift:GetClusterCredentials", [start + "dbuser:warehouse/jane", start + "dbname:warehouse/dev"]),
                          ("redshift:DescribeClusters", start + "cluster:warehouse")], found)
        self.assertEqual((['CREATE USER "jane" PASSWORD DISABLE;'], ""), (sql, errors))
        found, sql, _ = self.statements(AuthType="Redshift", Server=f"warehouse.abc.{REGION}.redshift.amazonaws.com", Database="app", AutoCreate="1", DbGroups="a,b")
        self.assertEqual([(["redshift:GetClusterCredentials", "redshift:CreateClusterUser", "redshift:JoinGroup"],
                           [start + "dbuser:warehouse/jane", start + "dbname:warehouse/app", start + "dbgroup:warehouse/a", start + "dbgroup:warehouse/b"])], found)
        self.assertEqual(['CREATE GROUP "a";', 'CREATE GROUP "b";'], sql[:2])
        found, _, _ = self.statements(AuthType="Redshift", ClusterID="warehouse", Region=REGION, UID=None)
        self.assertEqual(("redshift:GetClusterCredentialsWithIAM", start + "dbname:warehouse/dev"), found[0])
        self.aws.denied = {("", "DescribeClusters")}
        found, _, errors = self.statements(AuthType="Redshift", ClusterID="warehouse", Region=REGION)
        self.assertEqual(start + "dbname:warehouse/<DATABASE>", found[0][1][1])
        self.assertIn("AccessDenied", errors)

    def test_of_redshift_serverless(self):
        self.aws.add(REGION, workgroup("adhoc"))
        arn = self.aws.entries[REGION, "ListWorkgroups"][0].content["workgroupArn"]
        found, _, errors = self.statements(AuthType="Redshift", Workgroup="adhoc", Region=REGION)
        self.assertEqual(([(["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"], arn)], ""), (found, errors))
        found, _, errors = self.statements(AuthType="Redshift", Workgroup="other", Region=REGION)
        self.assertIn("workgroup/<WORKGROUP-ID>", found[0][1])
        self.assertIn("replace <WORKGROUP-ID>", errors)

    def test_of_a_secret(self):
        found, sql, _ = self.statements(AuthType="SecretsManager", SecretID="prod/sales", Region=REGION, UID=None)
        self.assertEqual([("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:prod/sales-??????")], found)
        self.assertTrue(sql[0].startswith("--"))
        arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:sales-AbCdEf"
        self.assertEqual([("secretsmanager:GetSecretValue", arn)], self.statements(AuthType="SecretsManager", SecretID=arn, UID=None)[0])

    def test_a_password_needs_none(self):
        done = self.policy(status=1, Server="shop." + self.END, AuthType="Password", PWD="x")
        self.assertIn("AuthType is not IAM", done.stderr)
        done = self.policy(status=1, Server="localhost", AuthType="Password", PWD="x")
        self.assertIn("AuthType is not IAM", done.stderr)


if __name__ == "__main__":
    unittest.main()
