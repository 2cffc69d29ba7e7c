#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The sign-in in a real browser: headless Chromium goes from the address that BROWSER gets over the page where a person allows the program to the page that says how it
ended. Pictures of the last pages go to IAMODBC_TEST_PICTURES. Slow: only ./dev test --all runs it."""
import base64
import json
import os
import re
import subprocess
import sys
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sign_in_test import START, SignInWorld  # noqa: E402
from world import TOOL  # noqa: E402

PICTURES = os.environ.get("IAMODBC_TEST_PICTURES", "")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, section 11


class Chromium:
    """Debian's, through its WebDriver."""

    def __init__(self, folder):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                       env={"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder, "LC_ALL": "C.UTF-8"})
        self.base = ""
        for line in self.driver.stdout:
            if match := re.search(r"started successfully on port (\d+)", line):
                self.base = f"http://127.0.0.1:{match[1]}"
                break
        options = {"binary": "/usr/bin/chromium", "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=900,640",
                                                         "--no-proxy-server", f"--user-data-dir={folder}/chromium"]}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self.session = "/session/" + made["sessionId"]

    def call(self, method, path, content=None):
        request = urllib.request.Request(self.base + path, method=method, headers={"Content-Type": "application/json"},
                                         data=None if content is None else json.dumps(content).encode())
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def go(self, url):
        self.call("POST", self.session + "/url", {"url": url})

    def find(self, selector, seconds=15):
        """The first such element, as soon as it is there."""
        end = time.monotonic() + seconds
        while True:
            found = self.call("POST", self.session + "/elements", {"using": "css selector", "value": selector})
            if found or time.monotonic() > end:
                return found[0][ELEMENT]
            time.sleep(0.1)

    def click(self, selector):
        self.call("POST", f"{self.session}/element/{self.find(selector)}/click", {})

    def text(self, selector):
        return self.call("GET", f"{self.session}/element/{self.find(selector)}/text")

    def style(self, selector, name):
        return self.call("GET", f"{self.session}/element/{self.find(selector)}/css/{name}")

    def picture(self, name):
        content = base64.b64decode(self.call("GET", self.session + "/screenshot"))
        if PICTURES:
            with open(os.path.join(PICTURES, name), "wb") as file:
                file.write(content)
        return content

    def close(self):
        try:
            self.call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.communicate()


class InChromium(SignInWorld):
    def setUp(self):
        super().setUp()
        self.center.needs_click = True
        self.browser = Chromium(self.home)
        self.addCleanup(self.browser.close)
        self.program = subprocess.Popen([TOOL, "login", "--profile", "dev", "--timeout", "60"], env=self.environment(), cwd=self.home, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.program.communicate)
        self.addCleanup(self.program.kill)
        for _ in range(200):
            if os.path.exists(self.home + "/browser") and self.browser_arguments():
                break
            time.sleep(0.05)
        [[address]] = self.browser_arguments()
        self.assertRegex(address, "^" + START.pattern + "$")
        self.browser.go(address)
        self.assertEqual("Allow iamodbc to use your data?", self.browser.text("h1"))

    def ended(self, status):
        out, error = self.program.communicate(timeout=30)
        self.no_secret(out + error)
        self.assertEqual(status, self.program.returncode, out + error)
        return out + error

    def test_a_person_allows_it_and_may_close_the_tab(self):
        self.browser.click("#allow")
        self.assertEqual("You are signed in", self.browser.text("main h1"))
        self.assertEqual("You can close this tab and go back to your program.", self.browser.text("main p"))
        self.assertEqual("rgba(27, 127, 75, 1)", self.browser.style("main .good", "background-color"), "the page's style does not count")
        self.assertGreater(len(self.browser.picture("sign-in-done.png")), 5000)
        self.ended(0)
        self.found(self.keys, "--profile", "dev")

    def test_a_person_denies_it_and_is_told_so(self):
        self.center.denies = True
        self.browser.click("#allow")
        self.assertEqual("The sign-in did not work", self.browser.text("main h1"))
        self.assertIn("access_denied: The person said no <b>&</b> left", self.browser.text("main p"))
        self.assertGreater(len(self.browser.picture("sign-in-denied.png")), 5000)
        self.ended(1)


if __name__ == "__main__":
    unittest.main()
