"""Lets requests meet what is there: names that exist, beside those that are made up."""

import json
import os

import schemathesis
from hypothesis import strategies as st

KNOWN = json.loads(os.environ["PKGSERVER_TEST_KNOWN"])


def known(place, operation):
    """What there is for a parameter of an operation, by its name."""
    path = operation.path
    names = dict(KNOWN["any"])
    if path.startswith("/api/v1/jobs"):
        names["id"] = KNOWN["jobs"]
    elif "/conflicts/" in path:
        names["id"] = KNOWN["conflicts"]
    if path.startswith("/api/v1/repositories"):
        names["name"] = names["repository"]
    elif path.startswith("/api/v1/packagerevisions"):
        names["name"] = KNOWN["revisions"]
    if place == "query":
        names.pop("name", None)
    return names


def mixed(place, context, generated):
    """Each parameter as it was generated, or one that is known."""
    if not generated:
        return st.just(generated)
    names = known(place, context.operation)
    choices = {
        name: st.one_of(st.sampled_from(names[name]), st.just(value)) if names.get(name) else st.just(value)
        for name, value in generated.items()
    }
    return st.fixed_dictionaries(choices)


@schemathesis.hook
def flatmap_path_parameters(context, path_parameters):
    return mixed("path", context, path_parameters)


@schemathesis.hook
def flatmap_query(context, query):
    return mixed("query", context, query)


@schemathesis.hook
def flatmap_body(context, body):
    if not isinstance(body, dict):
        return st.just(body)
    return mixed("body", context, body)


@schemathesis.hook
def flatmap_headers(context, headers):
    """Hardly any ETag that is made up is one."""
    if not headers or "If-Match" not in headers:
        return st.just(headers)
    return st.one_of(st.just(headers), st.just({**headers, "If-Match": "*"}))
