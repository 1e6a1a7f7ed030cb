"""An `az` for tests: it keeps one container app in a file, does to it what the real one does, and writes down every call.

Run as a program named `az`, beside `app.json` (the app), `calls.jsonl` and, if a test wants trouble, `trouble.json`:
`{"call": "revision label add", "do": "fail" | "kill" | "hang" | "nonsense", "times": 1, "applied": false}`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

HOME = Path(sys.argv[0]).resolve().parent
VERBS = {
    *("show", "update", "ingress traffic set"),
    *("revision list", "revision label add", "revision activate", "revision deactivate"),
}


def options(words):
    """Return the options of a command line: a list of values for each."""
    found, name = {}, ""
    for word in words:
        if word.startswith("-"):
            name = word
            found[name] = []
        else:
            found[name].append(word)
    return found


def answer(app, verb, given):
    """Do a call and return what az prints."""
    name = given["--name"][0]
    if app["name"] != name or given["--resource-group"] != [app["group"]]:
        sys.exit(f"ERROR: (ResourceNotFound) The containerapp '{name}' does not exist")
    if verb == "show":
        return shown(app)
    if verb == "revision list":
        return [one for one in app["revisions"] if one["properties"]["active"] or "--all" in given]
    if verb == "update":
        return update(app, given)
    if verb == "ingress traffic set":
        return set_traffic(app, given["--revision-weight"])
    revision = find(app, given["--revision"][0])
    if verb == "revision label add":
        assert "--yes" in given, "the real one would ask, and wait"
        return add_label(app, revision["name"], given["--label"][0])
    if verb == "revision deactivate" and any(one["weight"] and one.get("revisionName") == revision["name"] for one in app["traffic"]):
        sys.exit("ERROR: (RevisionHasTraffic) a revision with traffic was to be deactivated")
    revision["properties"]["active"] = verb == "revision activate"
    return None


def shown(app):
    ingress = {"fqdn": app["fqdn"], "traffic": app["traffic"]} if app["fqdn"] else None
    configuration = {"activeRevisionsMode": app["mode"], "ingress": ingress}
    return {"name": app["name"], "properties": {"configuration": configuration, "latestReadyRevisionName": app["revisions"][-1]["name"]}}


def update(app, given):
    name = f"{app['name']}--{given['--revision-suffix'][0]}"
    if any(one["name"] == name for one in app["revisions"]):
        sys.exit(f"ERROR: (RevisionExists) revision {name} exists")
    created = f"2026-11-26T10:{len(app['revisions']):02d}:00+00:00"
    properties = {"active": True, "createdTime": created, "fqdn": app["new_fqdn"], "image": given["--image"][0]}
    app["revisions"].append({"name": name, "properties": properties})
    return shown(app)


def set_traffic(app, weights):
    for rule, weight in (pair.split("=") for pair in weights):
        for one in app["traffic"]:
            if rule == ("latest" if one.get("latestRevision") else one["revisionName"]):
                one["weight"] = int(weight)
                break
        else:
            find(app, rule)
            app["traffic"].append({"revisionName": rule, "weight": int(weight)})
    if sum(one["weight"] for one in app["traffic"]) != 100:
        sys.exit("ERROR: (TrafficWeights) the weights do not add up to 100")
    return app["traffic"]


def add_label(app, revision, label):
    for one in app["traffic"]:
        if one.get("label") == label:
            one["label"] = None
    for one in app["traffic"]:
        if one.get("revisionName") == revision:
            one["label"] = label
            return app["traffic"]
    app["traffic"].append({"revisionName": revision, "weight": 0, "label": label})
    return app["traffic"]


def find(app, name):
    found = [one for one in app["revisions"] if one["name"] == name]
    if not found:
        sys.exit(f"ERROR: (RevisionNotFound) revision {name} does not exist")
    return found[0]


def trouble(verb):
    """Return what is to go wrong with this call, if anything; each trouble comes so many times."""
    file = HOME / "trouble.json"
    told = json.loads(file.read_text()) if file.exists() else []
    for one in told:
        calls = [json.loads(line) for line in (HOME / "calls.jsonl").read_text().splitlines()]
        if one.get("number") == len(calls) or (one.get("call") == verb and one["times"] > 0):
            one["times"] = one.get("times", 1) - 1
            file.write_text(json.dumps(told))
            return one
    return {}


def main():
    words = sys.argv[1:]
    assert words[0] == "containerapp"
    place = next(number for number, word in enumerate(words) if word.startswith("-"))
    verb, given = " ".join(words[1:place]), options(words[place:])
    assert verb in VERBS, f"az containerapp {verb} is no command that releases use"
    assert given["--output"] == ["json"]
    with (HOME / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"verb": verb, "options": given}) + "\n")
    wrong, state = trouble(verb), HOME / "app.json"
    if wrong and not wrong.get("applied"):
        go_wrong(wrong)
    app = json.loads(state.read_text())
    output = answer(app, verb, given)
    state.with_suffix(".new").write_text(json.dumps(app))
    state.with_suffix(".new").replace(state)
    if wrong.get("applied"):
        go_wrong(wrong)
    if output is not None:
        print(json.dumps(output))


def go_wrong(wrong):
    if wrong["do"] == "kill":
        os.kill(os.getppid(), signal.SIGKILL)
        sys.exit(1)
    if wrong["do"] == "hang":
        time.sleep(60)
    if wrong["do"] == "nonsense":
        print("Welcome to the cloud!")
        sys.exit(0)
    sys.exit("ERROR: (InternalServerError) the cloud is out of order")


main()
