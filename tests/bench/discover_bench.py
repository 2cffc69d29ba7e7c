#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How long `iamodbc discover` takes for 3,000 databases over 20 regions, and how much memory: several pages, calls that are throttled, one more region that denies. The stand-ins
of AWS are on loopback, check every signature, and answer each call after a while, as a far region does.

Usage: discover_bench.py TOOL
"""
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "aws"))
import databases  # noqa: E402

REGIONS = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "ap-south-1",
           "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "eu-south-1", "af-south-1", "me-south-1"]
DENIED = "eu-central-2"
OF_EACH = 150
DELAY, THROTTLED = 0.1, 25  # seconds before an answer; each of so many calls is told to come again
MOST_SECONDS, MOST_MEGABYTES = 10, 50
TAGS = 25  # of an instance: some 5 kB of XML
# A program begins with the most that who starts it ever had, so a small one starts it. Arguments: where the number goes, in kilobytes, and the command.
PEAK = "import os, sys; _, status, usage = os.wait4(os.spawnv(os.P_NOWAIT, sys.argv[2], sys.argv[2:]), 0); open(sys.argv[1], 'w').write(str(usage.ru_maxrss)); \
sys.exit(os.waitstatus_to_exitcode(status))"


@dataclass
class Discovery:
    databases: int
    regions: int
    calls: int
    throttled: int
    seconds: float
    megabytes: float

    @property
    def is_met(self):
        return self.seconds < MOST_SECONDS and self.megabytes < MOST_MEGABYTES


def fill(aws):
    for region in REGIONS:
        clusters = [f"aurora-{number}" for number in range(10)]
        aws.add(region, *(databases.instance(f"db-{number}", "postgres", iam=True, padding=TAGS) for number in range(110)),
                *(databases.cluster(name, "aurora-mysql", iam=True) for name in clusters),
                *(databases.instance(f"{name}-{number}", "aurora-mysql", cluster=name, padding=TAGS) for name in clusters for number in (1, 2)),
                *(databases.proxy(f"proxy-{number}", "POSTGRESQL") for number in range(5)),
                *(databases.redshift(f"warehouse-{number}") for number in range(3)), databases.workgroup("adhoc"), databases.dsql("ledger"))


def measure(tool):
    with databases.Databases(delay=DELAY) as aws, tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        fill(aws)
        aws.throttle_every, aws.denied = THROTTLED, {(DENIED, "")}
        command = ["/usr/bin/python3", "-I", "-S", "-c", PEAK, home + "/peak", tool, "discover", "--json", *(word for region in [*REGIONS, DENIED] for word in ("--region", region))]
        environment = {"HOME": home, "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "6", **aws.variables()}
        started = time.monotonic()
        status = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, timeout=120, check=False).returncode
        seconds = time.monotonic() - started
        with open(home + "/peak", encoding="ascii") as file:
            peak = file.read()
        output.seek(0)
        errors.seek(0)
        content = json.load(output)
        found = {(row["region"], row["name"]) for row in content["databases"]}
        left_out = {one["region"] for one in content["unanswered"]}
        if status or len(found) != OF_EACH * len(REGIONS) or left_out != {DENIED} or aws.faults_seen:
            raise SystemExit(f"discover found {len(found)} databases, without {left_out} (status {status}, {aws.faults_seen[:3]}): {errors.read(2000).decode()}")
        result = Discovery(len(found), len(REGIONS), len(aws.calls), len(aws.calls) // THROTTLED, seconds, int(peak) / 1024)
    print(told(result))
    return result


def told(found):
    return (f"{found.databases:,} databases over {found.regions} regions, and one region that denies: {found.seconds:.1f} s, {found.megabytes:.0f} MB at most "
            f"({found.calls} calls, {found.throttled} of them throttled, each answered after {DELAY} s)")


if __name__ == "__main__":
    sys.exit(0 if measure(sys.argv[1]).is_met else 1)
