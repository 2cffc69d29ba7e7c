#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""browser: what BROWSER names in tests. Keeps its arguments in the file $BROWSER_LOG, one JSON list a line; with BROWSER_GOES=yes it follows every redirect, as a person
who allows all would make a browser do, and keeps the last page in $BROWSER_LOG.page."""
import json
import os
import sys
import urllib.request

with open(os.environ["BROWSER_LOG"], "a", encoding="utf-8") as log:
    log.write(json.dumps(sys.argv[1:]) + "\n")
if os.environ.get("BROWSER_GOES") == "yes":
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=30) as answer:
        page = answer.read()
    with open(os.environ["BROWSER_LOG"] + ".page", "wb") as file:
        file.write(page)
