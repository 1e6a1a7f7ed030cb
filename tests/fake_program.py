"""Any program, for tests: it writes down every call and answers as `answers.json` beside it says.

`answers.json` is a list of `{"call": "docker push", "out": "...", "err": "...", "rc": 0, "times": 1}`; the first one whose call the
command begins with is taken, `times` times where that is given. A command that none fits is an error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

HOME, NAME = Path(sys.argv[0]).resolve().parent, Path(sys.argv[0]).name


def main():
    command = " ".join([NAME, *sys.argv[1:]])
    text = sys.stdin.read()
    with (HOME / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"command": command, "words": [NAME, *sys.argv[1:]], "stdin": text}) + "\n")
    file = HOME / "answers.json"
    answers = json.loads(file.read_text())
    for answer in answers:
        if command.startswith(answer["call"]) and answer.get("times", 1) > 0:
            if "times" in answer:
                answer["times"] -= 1
                file.write_text(json.dumps(answers))
            sys.stdout.write(answer.get("out", ""))
            sys.stderr.write(answer.get("err", ""))
            sys.exit(answer.get("rc", 0))
    sys.exit(f"nothing is known of: {command}")


main()
