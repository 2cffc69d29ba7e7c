# SPDX-License-Identifier: Apache-2.0
"""documents: what stands in the Markdown files of the project: their blocks of code, their headings, their links.

A block is a command block by its language (COMMANDS) or none (PLAIN). Directly above it may stand
  <!-- not run: REASON -->    it cannot run on any computer that runs the tests; REASON is for a person
Everything else that is a command is run: by live/documents_test.py, or, where a part of the document needs large packages
(HEAVY), the whole document by live/heavy_documents.py.
"""
import glob
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMMANDS = {"console", "sh", "python", "r", "php", "perl", "sql"}
PLAIN = {"ini", "json", "text", "cpp"}
HEAVY = re.compile(r"^```r$|^import uno$", re.MULTILINE)
MARKER = re.compile(r"<!-- not run: (.+) -->$")


class Block:
    """A fenced block: where it is (line counts from 1), its language, its text, and why it is not run ("" where it is)."""

    def __init__(self, document, line, language, reason):
        self.document, self.line, self.language, self.reason = document, line, language, reason
        self.lines, self.indent = [], 0
        self.output = None  # of a program: the block of text directly behind it

    @property
    def place(self):
        return f"{self.document}:{self.line}"

    @property
    def text(self):
        return "".join(line + "\n" for line in self.lines)

    def commands(self):
        """Of a console block: the commands, each with the lines that it prints."""
        found = []
        for line in self.lines:
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.startswith("> ") and found and not found[-1][1]:  # a command goes on
                found[-1] = (found[-1][0] + "\n" + line[2:], [])
            elif found:
                found[-1][1].append(line)
            else:
                raise ValueError(f"{self.place}: a console block begins with a command: $ ...")
        return found


def documents():
    """The names of all documents, from the top of the project."""
    names = glob.glob("*.md", root_dir=TOP) + glob.glob("docs/*.md", root_dir=TOP)
    return sorted(names)


def text(document):
    with open(os.path.join(TOP, document), encoding="utf-8") as file:
        return file.read()


def is_heavy(document):
    return bool(HEAVY.search(text(document)))


def blocks(document):
    found, inside, before, gap = [], None, "", ""
    for number, line in enumerate(text(document).split("\n"), 1):
        if inside is not None:
            if line.strip() == "```":
                inside = None
                gap = ""
            else:
                inside.lines.append(line[inside.indent:])
        elif line.lstrip().startswith("```"):
            marker = MARKER.match(before.strip())
            inside = Block(document, number, line.strip()[3:], marker.group(1) if marker else "")
            inside.indent = len(line) - len(line.lstrip())
            if found and inside.language == "text" and not gap.strip() and found[-1].language in COMMANDS - {"console"}:
                found[-1].output = inside
            found.append(inside)
        else:
            gap += line
        before = line
    if inside is not None:
        raise ValueError(f"{inside.place}: the block does not end")
    return found


def without_code(document):
    """Its lines outside of blocks, and without what stands between backticks."""
    kept, inside = [], False
    for line in text(document).split("\n"):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside:
            kept.append(re.sub(r"(`+).*?\1", "", line))
    return kept


def anchors(document):
    """What a link behind # may name: its headings, as GitHub writes them."""
    found, inside = set(), False
    for line in text(document).split("\n"):
        if line.lstrip().startswith("```"):
            inside = not inside
        elif not inside and re.match(r"#+ ", line):
            words = re.sub(r"[^\w\- ]", "", line.lstrip("#").strip().lower())
            found.add(words.replace(" ", "-"))
    return found


def links(document):
    """Where its links lead that stay in the project: (file from the top of the project, anchor or "")."""
    for line in without_code(document):
        for target in re.findall(r"\]\(([^)\s]+)\)", line):
            if not re.match(r"[a-z]+:", target):
                path, _, anchor = target.partition("#")
                yield os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document, anchor
