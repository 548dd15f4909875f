"""Mixes existing names and valid values into generated requests."""

import json
import os

import schemathesis
from hypothesis import strategies as st

KNOWN = json.loads(os.environ["PKGSERVER_TEST_KNOWN"])
REVISION = st.sampled_from(KNOWN["revisions"])
REPOSITORY = st.sampled_from(KNOWN["any"]["repository"])
PACKAGE = st.sampled_from(KNOWN["any"]["package"])
NEW_NAME = st.integers(min_value=0, max_value=10**9).map("n{}".format)
LIMITS = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: limits\ndata:\n  sessions: {}\n"
FILES = st.fixed_dictionaries(
    {"limits.yaml": st.integers().map(LIMITS.format)},
    optional={"a.txt": st.text(), "b.bin": st.just({"base64": "AAEC"}), "Kptfile": st.text()},
)
LABELS = st.dictionaries(st.sampled_from(["team", "example.com/tier"]), st.sampled_from(["a", "b-1", ""]))
TARGET = st.fixed_dictionaries({"repository": REPOSITORY, "package": NEW_NAME}, optional={"labels": LABELS})

VALID = {
    "labels": LABELS,
    "annotations": st.just({}),
    "labelSelector": st.sampled_from(["team=a", "team in (a, b)", "!team"]),
    "q": st.sampled_from(["upf", "ws"]),
    "workspace": st.one_of(NEW_NAME, st.sampled_from(["ws1", "ws2"])),
    "version": st.sampled_from(["1.0.0", "2.0.0-rc.1"]),
    "upstream": REVISION,
    "resources": FILES,
    "readinessGates": st.just([]),
    "defaults": st.fixed_dictionaries({"repository": REPOSITORY, "workspace": NEW_NAME}),
    "targets": st.lists(TARGET, min_size=1, max_size=3),
    "source": st.one_of(
        st.just({"init": {}}),
        st.just({"upgrade": {}}),
        REVISION.map(lambda name: {"clone": {"upstream": name}}),
        REVISION.map(lambda name: {"copy": {"from": name}}),
        FILES.map(lambda files: {"resources": files}),
    ),
}


def known(place, operation):
    """Returns valid values for the parameters or fields of an operation, by name."""
    path = operation.path
    names = {name: st.sampled_from(values) for name, values in KNOWN["any"].items()}
    if path.startswith("/api/v1/jobs"):
        names["id"] = st.sampled_from(KNOWN["jobs"])
    elif "/conflicts/" in path:
        names["id"] = st.sampled_from(KNOWN["conflicts"])
    if place == "path":
        names["name"] = REVISION if "/packagerevisions/" in path else REPOSITORY
    return {**VALID, **names}


def mixed(place, context, generated):
    """Replaces parts of a generated value with valid ones."""
    if not isinstance(generated, dict):
        return st.just(generated)
    names = known(place, context.operation)
    parts = {
        name: st.one_of(names[name], st.just(value)) if name in names else st.just(value)
        for name, value in generated.items()
    }
    return st.fixed_dictionaries(parts)


@schemathesis.hook
def flatmap_path_parameters(context, path_parameters):
    return mixed("path", context, path_parameters)


@schemathesis.hook
def flatmap_query(context, query):
    """Drops the continue token from some requests, because generated tokens are hardly ever valid."""
    if not isinstance(query, dict) or "continue" not in query:
        return mixed("query", context, query)
    without = {name: value for name, value in query.items() if name != "continue"}
    return st.one_of(mixed("query", context, without), mixed("query", context, query))


@schemathesis.hook
def flatmap_body(context, body):
    return mixed("body", context, body)


@schemathesis.hook
def flatmap_headers(context, headers):
    """Replaces some conditions with "*", because generated ETags never match."""
    name = next((name for name in headers or {} if name in ("If-Match", "If-None-Match")), None)
    if name is None:
        return st.just(headers)
    return st.one_of(st.just(headers), st.just({**headers, name: "*"}))
