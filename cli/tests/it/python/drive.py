"""Drives a server with Maestro's own Python client: the library, its DSL and its command. The first thing that is wrong ends it."""

import json
import subprocess
import sys
from pathlib import Path

from maestro import Foreach, Job, MaestroClient, Subworkflow, While, Workflow
from maestro.client.watch import watch_workflow

URL, COMMAND, FOLDER = sys.argv[1], sys.argv[2], Path(sys.argv[3])
client = MaestroClient(base_url=URL, user="ann")


def check(what, found, expected):
    if found != expected:
        raise SystemExit(f"{what}: found {found!r}, expected {expected!r}")


def maestro(*arguments):
    """What the client's command prints."""
    done = subprocess.run([COMMAND, "--base-url", URL, "--user", "ann", *arguments],
                          capture_output=True, text=True, timeout=300)
    check(f"maestro {' '.join(arguments)}: exit code with {done.stderr!r}", done.returncode, 0)
    return done.stdout


def status(workflow, instance):
    return client.get_instance(workflow, instance)["aggregated_info"]["workflow_instance_status"]


def step(workflow, instance, name, **where):
    return client.get_instance(workflow, instance, step_id=name, **where)["runtime_state"]["status"]


def wait_until(what, holds):
    """Asks again as fast as the server answers, so often and no more."""
    for _ in range(20_000):
        if holds():
            return
    raise SystemExit(f"{what} never came true")


def definitions():
    child = Workflow(id="py-child").owner("ann").param("x", 1).job(Job(id="c", type="NoOp"))
    answer = client.push_yaml(child.to_yaml())
    check("the version of a first push", answer["workflow_definition"]["metadata"]["workflow_version_id"], 1)
    tree = (Workflow(id="py-tree").name("a tree").owner("ann").tags("t").run_strategy("PARALLEL")
            .param("n", 3).param("words", ["a", "b"]).param_expr("m<long>", "n + 1").dag("sequential")
            .jobs(Job(id="first", type="NoOp").param_expr("p<long>", "m * 2"),
                  Foreach(id="each").loop_param("w", ["x", "y", "z"]).concurrency(2).job(Job(id="inner", type="NoOp")),
                  While(id="again").condition("i < 2").loop_param("i", 0)
                  .job(Job(id="count", type="NoOp").param_expr("i<long>", "i + 1")),
                  Subworkflow(id="sub").workflow_id("py-child").sync(True)))
    check("validation", client.validate_yaml(tree.to_yaml()).get("errors"), None)
    check("a validated workflow is not stored", client.get_workflow("py-tree")["status"], "NOT_FOUND")
    path = FOLDER / "tree.yaml"
    tree.to_yaml(path)
    check("a pushed file", client.push(path)["workflow_definition"]["workflow"]["id"], "py-tree")
    for version in ["default", "latest", "active", "1"]:
        check(f"version {version}", client.get_workflow("py-tree", version)["workflow"]["name"], "a tree")
    check("an enriched definition", client.get_workflow("py-tree", enriched=True)["workflow"]["id"], "py-tree")
    check("an unreadable definition", client.push_yaml("Workflow:\n  id: a b\n  jobs: []\n")["status"], "BAD_REQUEST")


def json_definition():
    """The client pushes YAML only; its transport carries JSON as well."""
    step = {"step": {"id": "nap", "type": "Sleep", "params": {"sleep_seconds": {"type": "LONG", "value": 3_600}}}}
    body = {"properties": {"owner": "ann", "run_strategy": "PARALLEL"}, "workflow": {"id": "py-nap", "steps": [step]}}
    headers = {"user": "ann", "Content-Type": "application/json"}
    answer = client._make_request("POST", "/api/v3/workflows", headers, json.dumps(body).encode())
    check("a push in JSON", answer["workflow_definition"]["workflow"]["id"], "py-nap")


def runs():
    started = client.start("py-tree", run_params={"n": {"value": 5, "type": "LONG"}})
    check("the first instance", (started["workflow_instance_id"], started["workflow_run_id"]), (1, 1))
    watch_workflow(client, "py-tree", 1, 0)
    check("the tree's end", status("py-tree", 1), "SUCCEEDED")
    check("a run", client.get_instance("py-tree", 1, run_id=1)["status"], "SUCCEEDED")
    for name in ["first", "each", "again", "sub"]:
        check(f"step {name}", step("py-tree", 1, name), "SUCCEEDED")
    first = client.get_instance("py-tree", 1, run_id=1, step_id="first", attempt_id=1)
    check("an evaluated param", first["params"]["p"]["evaluated_result"], 12)
    check("the child", status("py-child", 1), "SUCCEEDED")
    check("an instance that is not", client.get_instance("py-tree", 99)["status"], "NOT_FOUND")


def stops():
    for instance, stop in enumerate([
        lambda: client.stop("py-nap", 1, "nap"),
        lambda: client.stop("py-nap", 2),
        lambda: client.stop("py-nap"),
    ], start=1):
        check("the started instance", client.start("py-nap")["workflow_instance_id"], instance)
        wait_until("the nap", lambda: step_or_none("py-nap", instance, "nap") == "RUNNING")
        stop()
        watch_workflow(client, "py-nap", instance, 0)
        check(f"stop {instance}", (status("py-nap", instance), step("py-nap", instance, "nap")), ("STOPPED", "STOPPED"))


def step_or_none(workflow, instance, name):
    return client.get_instance(workflow, instance, step_id=name).get("runtime_state", {}).get("status")


def command():
    path = FOLDER / "command.yaml"
    Workflow(id="py-command").owner("ann").param("n", 1).job(Job(id="only", type="NoOp")).to_yaml(path)
    maestro("validate", str(path))
    check("push", json.loads(maestro("push", str(path)))["workflow_definition"]["workflow"]["id"], "py-command")
    check("get-workflow", json.loads(maestro("get-workflow", "py-command"))["workflow"]["id"], "py-command")
    params = json.dumps({"n": {"value": 7, "type": "LONG"}})
    started = json.loads(maestro("start", "py-command", "--version", "latest", "--params", params))
    check("start", started["workflow_instance_id"], 1)
    watched = maestro("watch", "py-command", "1", "--poll-interval", "0")
    check("watch", "is completed with status [SUCCEEDED]" in watched, True)
    check("watch tells steps", "only -> SUCCEEDED" in watched, True)
    instance = json.loads(maestro("get-instance", "py-command", "1", "--run-id", "1"))
    check("get-instance", instance["params"]["n"]["evaluated_result"], 7)
    attempt = json.loads(maestro("get-instance", "py-command", "1", "only", "--run-id", "1", "--attempt-id", "1"))
    check("a step", attempt["runtime_state"]["status"], "SUCCEEDED")
    check("a workflow that is not", "not found" in maestro("watch", "py-nothing", "1"), True)
    check("stop", json.loads(maestro("stop", "py-command", "1"))["status"], "BAD_REQUEST")


for part in [definitions, json_definition, runs, stops, command]:
    part()
    print(f"{part.__name__}: as expected")
