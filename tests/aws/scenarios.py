# SPDX-License-Identifier: Apache-2.0
"""scenarios: the folders of tests/data/credentials, and what our command makes of each. Each folder is a place where AWS credentials may lie, and says what
has to come of it. Who reads them: scenarios_test.py (our command), credentials_diff.py (our command beside botocore and the SDK for JavaScript) and
tests/core/credentials_scenarios_test.cpp (core/ alone; only folders without http.json). It is 2024-01-02T03:04:05Z in all of them, and time stands still.

  env.json      the whole environment, but HOME, which is home/ below the folder
  home/.aws/    the AWS files; programs, their answers and token files lie beside home/, which is where the command runs
  http.json     who answers. {"sts": [RULE...], "sso": ..., "oidc": ..., "signin": ..., "container": ..., "imds": ..., "proxy": ...,
                 "secrets": {KEY ID: [SECRET, SESSION TOKEN or null]}, "at": {SERVICE: "169.254.170.2:80"}}
                Each service is a loopback server; the first RULE that fits answers, else 404. RULE: {"method", "path", "query", "form", "json", "headers": what
                the request has to have, "answer": ANSWER or "answers": [ANSWER...], in turn, the last again and again}. ANSWER: {"status": 200, "headers", "body":
                text or an object, "keys": KEYS in the service's own form, "fault": see stand_in.Fault}. KEYS: {"id", "secret", "token", "until"}. Requests that are
                signed are checked with "secrets"; a wrong signature is answered as AWS does. "at" puts a service at a fixed address, in a network of its own.
                A service "sts_tls" is sts by https; its certificate's issuer is in the file @ca@.
  expect.json   docs       one sentence
                case       which of the numbered edge cases (1 to 65) this is; absent: none
                settings   what the DSN says
                command    of our tool, where it is not `credentials`: ["token", "--host", ...]
                result     the credentials; expiration "any": some; or
                error      parts of the message; or
                token      the whole of it
                attempts   parts of what --explain tells; so is the "source" of a result
                problems   parts of what is wrong with the files: --explain tells it, beside keys of another source too
                log        parts of the log; only core/ tells them
                requests   {SERVICE: [REQUEST...]}: all that came there, in this order. REQUEST: a RULE without answers, where null means absent and "*" anything;
                           "raw": path and query, as sent; "signed_by": "KEY ID/REGION", or null for an unsigned one; "times": how often in a row
                counts     whether their number counts for other tools too
                files      {PATH: {"mode": "600" or "*", "json": parts of it} or null: there is none} after the run
                processes  how many run at the same time (1)
                seconds    what it may take at most (15)
                differs    {"botocore" or "js": row of docs/credentials.md}: this tool is known to answer differently
                not_applicable  {"botocore" or "js": why this tool cannot be asked}

In env.json, http.json and the AWS files, @sts@ and its kind are replaced by the URL of the stand-in, @home@ by HOME. With http.json the variables
AWS_ENDPOINT_URL_STS, _SSO, _SSO_OIDC, _SIGNIN and AWS_EC2_METADATA_SERVICE_ENDPOINT lead to the stand-ins unless env.json has them; without it,
AWS_EC2_METADATA_DISABLED=true.
Every secret holds the word "hush".
"""
import contextlib
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stand_in  # noqa: E402 pylint: disable=wrong-import-position
from stand_in import Fault, Reply, signature_fault  # noqa: E402 pylint: disable=wrong-import-position

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = os.path.join(TOP, "tests", "data", "credentials")
BUILD = os.environ.get("IAMODBC_TEST_BUILD", os.path.join(TOP, "build", "dev"))
TOOL = os.environ.get("IAMODBC_TEST_TOOL", os.path.join(BUILD, "setup", "iamodbc"))
NOW = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
TOOLS = ("botocore", "js")
EDGE_CASES = range(1, 66)
VARIABLES = {"sts": "AWS_ENDPOINT_URL_STS", "sso": "AWS_ENDPOINT_URL_SSO", "oidc": "AWS_ENDPOINT_URL_SSO_OIDC", "signin": "AWS_ENDPOINT_URL_SIGNIN",
             "imds": "AWS_EC2_METADATA_SERVICE_ENDPOINT"}
ATTRIBUTES = {"access_key_id": "AccessKeyID", "secret_access_key": "SecretAccessKey", "session_token": "SessionToken", "profile": "Profile",
              "credential_process": "CredentialProcess"}
SERVICES = ("sts", "sts_tls", "sso", "oidc", "signin", "container", "container_tls", "imds", "proxy")


def names():
    return sorted(name for name in os.listdir(FOLDERS) if os.path.isdir(os.path.join(FOLDERS, name)))


def load(folder, file, default=None):
    path = os.path.join(folder, file)
    if default is not None and not os.path.exists(path):
        return default
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)


class Scenario:
    def __init__(self, name):
        self.name = name
        self.folder = os.path.join(FOLDERS, name)
        self.env = load(self.folder, "env.json")
        self.expect = load(self.folder, "expect.json")
        self.has_network = os.path.exists(os.path.join(self.folder, "http.json"))

    @property
    def cases(self):
        case = self.expect.get("case", [])
        return case if isinstance(case, list) else [case]


# ---------------------------------------------------------------------------------------------------------------------
# Answers


def keys_of_sts(keys, action):
    return (f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
            f"<AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>"
            f"<Credentials><AccessKeyId>{keys['id']}</AccessKeyId><SecretAccessKey>{keys['secret']}</SecretAccessKey>"
            f"<SessionToken>{keys['token']}</SessionToken><Expiration>{keys['until']}</Expiration></Credentials>"
            f"</{action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>")


def keys_of_metadata(keys):
    answer = {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": keys["id"], "SecretAccessKey": keys["secret"], "Token": keys["token"],
              "Expiration": keys["until"]}
    return {name: value for name, value in answer.items() if value is not None}


def keys_of_sso(keys):
    until = datetime.datetime.fromisoformat(keys["until"].replace("Z", "+00:00"))
    return {"roleCredentials": {"accessKeyId": keys["id"], "secretAccessKey": keys["secret"], "sessionToken": keys["token"],
                                "expiration": int(until.timestamp() * 1000)}}


def reply_of(service, answer, request):
    body, headers = answer.get("body", ""), dict(answer.get("headers", {}))
    if "keys" in answer:
        keys = {"token": None, "until": None, **answer["keys"]}
        if service.startswith("sts"):
            body, kind = keys_of_sts(keys, request.form["Action"]), "text/xml"
        else:
            body, kind = (keys_of_sso if service == "sso" else keys_of_metadata)(keys), "application/json"
        headers.setdefault("Content-Type", kind)
    if not isinstance(body, str):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    return Reply(answer.get("status", 200), body, headers)


def form_of(request):
    return request.form if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded") else {}


def json_of(request):
    try:
        found = json.loads(request.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def value_fits(wanted, found):
    return found is None if wanted is None else found is not None and wanted in ("*", found)


def fits(wanted, request):
    """Whether a request has all that a RULE or REQUEST names."""
    for part, found in (("method", request.method), ("path", request.path)):
        if part in wanted and wanted[part] != found:
            return False
    if "raw" in wanted and sorted_query(wanted["raw"]) != sorted_query(request.raw_target):
        return False
    for part, found in (("query", request.query), ("form", form_of(request)), ("json", json_of(request)), ("headers", request.headers)):
        if not all(value_fits(value, found.get(name)) for name, value in wanted.get(part, {}).items()):
            return False
    return "signed_by" not in wanted or wanted["signed_by"] == signer_of(request)


def sorted_query(target):
    """A URL or a token with its parameters in order: theirs does not count."""
    path, _, query = target.partition("?")
    return path + "?" + "&".join(sorted(query.split("&")))


def scope_of(request):
    match = re.search(r"Credential=([^/]*)/\d{8}/([^/]*)/([^/]*)/aws4_request", request.headers.get("authorization", ""))
    return match.groups() if match else None


def signer_of(request):
    scope = scope_of(request)
    return f"{scope[0]}/{scope[1]}" if scope else None


class Handler(stand_in._Handler):  # pylint: disable=protected-access
    """Its Date is NOW, what asks for a tunnel is a request like others, and an answer may be a Fault."""

    do_CONNECT = stand_in._Handler._serve  # pylint: disable=protected-access

    def date_time_string(self, timestamp=None):
        return super().date_time_string(NOW.timestamp() if timestamp is None else timestamp)

    def _reply(self, reply):
        if isinstance(reply, Fault):
            self._fail(reply, self.server.owner)
        else:
            super()._reply(reply)


class Service:
    """One service of a scenario: a stand-in and its rules."""

    def __init__(self, name, rules, secrets, **place):
        self.name, self.rules, self.secrets = name, rules, secrets
        self.turns = [0] * len(rules)
        self.lock = threading.Lock()
        self.wrong_signatures = []
        self.server = stand_in.StandIn(self.answer, **place)
        self.server._server.RequestHandlerClass = Handler  # pylint: disable=protected-access

    def answer(self, request):
        scope = scope_of(request)
        if scope and self.name.startswith("sts"):
            fault = signature_fault(request, self.secrets, "sts", scope[1])
            if fault:
                self.wrong_signatures.append(fault)
                return Reply(403, "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not"
                                  " match.</Message></Error><RequestId>1</RequestId></ErrorResponse>", {"Content-Type": "text/xml"})
        for index, rule in enumerate(self.rules):
            if not fits({key: value for key, value in rule.items() if key not in ("answer", "answers")}, request):
                continue
            with self.lock:
                answers = rule.get("answers") or [rule["answer"]]
                answer = answers[min(self.turns[index], len(answers) - 1)]
                self.turns[index] += 1
            if "fault" in answer:
                return Fault(answer["fault"], answer.get("value"))
            return reply_of(self.name, answer, request)
        return Reply(404, "")


def make_certificate(folder, env):
    """A certificate for localhost that is its own issuer; it began before NOW."""
    files = os.path.join(folder, "stand-in.pem"), os.path.join(folder, "stand-in.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:10.1.2.3", "-out", files[0], "-keyout", files[1]], env=env, check=True, capture_output=True, timeout=30)
    return files


# ---------------------------------------------------------------------------------------------------------------------
# A run


def clock_variables():
    """What makes a program believe that it is NOW; the time by which it waits goes on. The first thing that whoever runs scenarios asks for."""
    if not os.path.exists(TOOL):
        raise FileNotFoundError(f"{TOOL} is not built")
    found = subprocess.run(["faketime", "-f", NOW.strftime("%Y-%m-%d %H:%M:%S"), "printenv", "LD_PRELOAD"], env={**os.environ, "TZ": "UTC"},
                           stdout=subprocess.PIPE, check=True, timeout=20).stdout.decode().strip()
    return {"LD_PRELOAD": found, "FAKETIME": NOW.strftime("%Y-%m-%d %H:%M:%S"), "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


class Stage:
    """A copy of a scenario's folder with its stand-ins up; each run starts from a fresh one."""

    def __init__(self, scenario, clock):
        self.scenario, self.clock = scenario, clock
        self.services = {}

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        self.folder = os.path.realpath(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="iamodbc-scenario-")))
        shutil.copytree(self.scenario.folder, self.folder, dirs_exist_ok=True)
        self.home = os.path.join(self.folder, "home")
        os.makedirs(self.home, exist_ok=True)
        http = load(self.folder, "http.json", {})
        self.words = {"@home@": self.home, "@ca@": os.path.join(self.folder, "stand-in.pem")}
        try:
            if self.scenario.has_network:
                self._serve(http)
        except BaseException:
            self._stack.close()
            raise
        for root, _, files in os.walk(self.folder):
            for name in files:
                self._render(os.path.join(root, name))
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _serve(self, http):
        secrets = {key: tuple(pair) for key, pair in http.get("secrets", {}).items()}
        for name in SERVICES:
            place = {}
            if name in http.get("at", {}):
                address, _, port = http["at"][name].rpartition(":")
                place = {"address": address, "port": int(port)}
            if name.endswith("_tls"):
                if name not in http:
                    continue
                place["certificate"] = make_certificate(self.folder, {"PATH": os.environ["PATH"], **self.clock})
            service = Service(name, http.get(name, []), secrets, **place)
            self.services[name] = service
            self._stack.enter_context(service.server)
            self.words[f"@{name}@"] = service.server.url

    def _render(self, path):
        with open(path, "rb") as file:
            text = file.read()
        if b"@" not in text:
            return
        for word, value in self.words.items():
            text = text.replace(word.encode(), value.encode())
        with open(path, "wb") as file:
            file.write(text)

    def environment(self):
        """What the scenario's environment is for any program; the clock included."""
        env = load(self.folder, "env.json")
        if self.scenario.has_network:
            for service, variable in VARIABLES.items():
                env.setdefault(variable, self.services[service].server.url)
        else:
            env.setdefault("AWS_EC2_METADATA_DISABLED", "true")
        return {"PATH": os.environ["PATH"], **self.clock, "HOME": self.home, **env}

    def requests(self):
        return {name: list(service.server.requests) for name, service in self.services.items()}

    def wrong_signatures(self):
        return [f"{name}: {fault}" for name, service in self.services.items() for fault in service.wrong_signatures]


def dsn_of(settings, words):
    lines = ["[scenario]", "Driver=iamodbc", "BaseDriver=psqlodbcw.so", "Server=db.cabc123def45.eu-central-1.rds.amazonaws.com", "Port=5432", "UID=jane_doe"]
    lines += [f"{ATTRIBUTES.get(name, name)}={value}" for name, value in settings.items()]
    text = "\n".join(lines) + "\n"
    for word, value in words.items():
        text = text.replace(word, value)
    return text


class Outcome:
    """What a tool made of a scenario: `result`, `token` or `error`, all as in expect.json."""

    def __init__(self, answers, requests, wrong_signatures, output, files):
        self.answers, self.requests, self.wrong_signatures, self.output, self.files = answers, requests, wrong_signatures, output, files


def parsed(process, expect):
    """One run of our command as {"result"} or {"token"} or {"error"}."""
    out, errors = (stream.decode("utf-8", "surrogateescape") for stream in process.communicate(timeout=expect.get("seconds", 15)))
    if process.returncode != 0:
        return {"error": errors}, out + errors
    if "command" in expect:
        return {"token": out.rstrip("\n")}, errors
    found = json.loads(out)
    return {"result": {"access_key_id": found["AccessKeyId"], "secret_access_key": found["SecretAccessKey"], "session_token": found.get("SessionToken", ""),
                       "expiration": found.get("Expiration", "")}}, errors


def run_product(scenario, clock, more=()):
    """Runs our command in a fresh copy. `more`: "--explain"."""
    expect = scenario.expect
    with Stage(scenario, clock) as stage:
        with open(os.path.join(stage.folder, "odbc.ini"), "w", encoding="utf-8") as file:
            file.write(dsn_of(expect.get("settings", {}), stage.words))
        with open(os.path.join(stage.folder, "odbcinst.ini"), "w", encoding="utf-8") as file:
            file.write("[iamodbc]\nDriver=libiamodbc.so\n")
        env = {"ODBCINI": os.path.join(stage.folder, "odbc.ini"), "ODBCSYSINI": stage.folder, **stage.environment()}
        command = expect.get("command") or ["credentials", *(["scenario"] if expect.get("settings") else []), *more]
        running = [subprocess.Popen([TOOL, *command], env=env, cwd=stage.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                   for _ in range(expect.get("processes", 1))]
        try:
            if more:
                out, errors = (stream.decode("utf-8", "surrogateescape") for stream in running[0].communicate(timeout=expect.get("seconds", 15)))
                return out + errors
            ended = [parsed(process, expect) for process in running]
        except subprocess.TimeoutExpired:
            ended = [({"late": f"no answer within {expect.get('seconds', 15)} s"}, "")]
        finally:
            for process in running:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        return Outcome([answer for answer, _ in ended], stage.requests(), stage.wrong_signatures(), "".join(output for _, output in ended),
                       {path: seen_file(os.path.join(stage.folder, path)) for path in expect.get("files", {})})


def seen_file(path):
    try:
        with open(path, encoding="utf-8") as file:
            return {"mode": f"{os.stat(path).st_mode & 0o777:o}", "json": json.load(file)}
    except FileNotFoundError:
        return None


# ---------------------------------------------------------------------------------------------------------------------
# Judging


def faults_of_answer(expect, answer):
    """What is wrong with one answer, as lines; secrets are not shown."""
    if "late" in answer:
        return [answer["late"]]
    if "error" in expect:
        if "error" not in answer:
            return [f"no error, but {shown(answer)}"]
        return []
    kind = "token" if "token" in expect else "result"
    if kind not in answer:
        return [f"no {kind}, but {shown(answer)}"]
    if kind == "token":
        return [] if answer["token"] == expect["token"] else ["another token"]
    faults = []
    for name in ("access_key_id", "secret_access_key", "session_token", "expiration"):
        wanted, found = expect["result"].get(name, ""), answer["result"].get(name, "")
        if wanted == found or (wanted == "any" and found):
            continue
        faults.append(f"{name} is {found!r}, not {wanted!r}" if name in ("access_key_id", "expiration") else f"another {name}")
    return faults


def shown(answer):
    if "error" in answer:
        return "error: " + re.sub(r"\S*hush\S*", "***", " ".join(answer["error"].split()))[:300]
    return "credentials " + answer["result"]["access_key_id"] if "result" in answer else "a token"


def faults_of_requests(expect, requests):
    """All that came to each service named, in order."""
    faults = []
    for service, wanted in expect.get("requests", {}).items():
        rows = [one for one in wanted for _ in range(one.get("times", 1))]
        came = requests.get(service, [])
        if len(rows) != len(came):
            faults.append(f"{service}: {len(came)} requests came, not {len(rows)}: {[one.method + ' ' + one.path for one in came]}")
            continue
        faults += [f"{service}: request {number} is not as told: {came_one.method} {came_one.raw_target} of {signer_of(came_one)},"
                   f" form {sorted(form_of(came_one))}, headers {sorted(came_one.headers)}"
                   for number, (row, came_one) in enumerate(zip(rows, came), 1) if not fits(row, came_one)]
    return faults


def faults_of_files(expect, files):
    faults = []
    for path, wanted in expect.get("files", {}).items():
        found = files[path]
        if wanted is None or found is None:
            if wanted is not found:
                faults.append(f"{path} is {'there' if found else 'not there'}")
            continue
        if wanted.get("mode", "600") not in ("*", found["mode"]):
            faults.append(f"{path} has mode {found['mode']}")
        faults += [f"{path}: {name} is not as told" for name, value in wanted.get("json", {}).items() if not value_fits(value, found["json"].get(name))]
    return faults


def faults_of_product(scenario, outcome):
    expect = scenario.expect
    faults = []
    for answer in outcome.answers:
        faults += faults_of_answer(expect, answer)
        faults += [f"the error {answer['error']!r} lacks {part!r}" for part in expect.get("error", []) if "error" in answer and part not in answer["error"]]
    faults += faults_of_requests(expect, outcome.requests)
    faults += faults_of_files(expect, outcome.files)
    faults += [f"a wrong signature came to {fault}" for fault in outcome.wrong_signatures]
    if "hush" in outcome.output or any("hush" in answer.get("error", "") for answer in outcome.answers):
        faults.append("a secret is in what it said")
    return faults


# ---------------------------------------------------------------------------------------------------------------------
# A scenario at fixed addresses runs in a network of its own


def fixed_addresses(scenario):
    places = load(scenario.folder, "http.json", {}).get("at", {}).values()
    return sorted({place.rpartition(":")[0] for place in places if not place.startswith("127.")})


def needs_own_network(scenario):
    return bool(fixed_addresses(scenario))


def in_own_network(addresses, command, **options):
    """Runs `command` where these addresses are this computer's and no others can be reached; raises NoNamespace where that may not be made."""
    script = "ip link set lo up && " + "".join(f"ip address add {address}/32 dev lo && " for address in addresses) + 'exec "$@"'
    probe = subprocess.run(["unshare", "-rn", "sh", "-c", script, "sh", "true"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=20)
    if probe.returncode != 0:
        raise NoNamespace("no network namespace can be made here: " + probe.stdout.decode(errors="replace").strip())
    return subprocess.run(["unshare", "-rn", "sh", "-c", script, "sh", *command], **options)  # pylint: disable=subprocess-run-check


class NoNamespace(Exception):
    pass


def judged_product(scenario, clock):
    """What is wrong with what our command makes of a scenario, as lines."""
    expect = scenario.expect
    faults = faults_of_product(scenario, run_product(scenario, clock))
    told = expect.get("attempts", []) + expect.get("problems", []) + [expect.get("result", {}).get("source", "")]
    if any(told) and "command" not in expect:
        explained = run_product(scenario, clock, ["--explain"])
        faults += [f"--explain lacks {part!r}: {explained}" for part in told if part not in explained]
        if "hush" in explained:
            faults.append("a secret is in what --explain said")
    return faults


if __name__ == "__main__":  # scenarios.py NAME: the faults of one scenario as JSON, for in_own_network
    print(json.dumps(judged_product(Scenario(sys.argv[1]), clock_variables())))
