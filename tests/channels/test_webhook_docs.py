"""docs/webhook.md and its schema are true: vectors verify, the example is what we send, the schema fits."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from deliveries import NOW, a_delivery, an_alert

from monitor.channels import Tools
from monitor.channels.webhook import sign, signing_key
from monitor.stages.message import Links, payload
from monitor.stages.sample import samples

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "webhook.md").read_text()
SCHEMA = json.loads((DOCS / "webhook.schema.json").read_text())
LINKS = Links(base_url="https://monitor.example.org")
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "null": type(None)}


def faults(value: Any, schema: dict[str, Any], at: str = "$") -> list[str]:
    """What of JSON Schema our schema uses."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if "const" in schema:
        return [] if value == schema["const"] else [f"{at}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{at}: {value!r} is not one of {schema['enum']}"]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, TYPES[kind]) for kind in kinds):
        return [f"{at}: {value!r} is not {kinds}"]
    found = []
    if isinstance(value, dict):
        found += [f"{at}: {key} is missing" for key in schema["required"] if key not in value]
        found += [f"{at}: {key} is not in the schema" for key in value if key not in schema["properties"]]
        for key, inner in schema["properties"].items():
            found += faults(value[key], inner, f"{at}.{key}") if key in value else []
    if isinstance(value, list):
        for number, item in enumerate(value):
            found += faults(item, schema["items"], f"{at}[{number}]")
    if schema.get("format") == "date-time" and value is not None:
        found += [] if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value) else [f"{at}: {value!r}"]
    return found


def vector(name: str) -> str:
    found = re.search(rf"^\| {re.escape(name)} \| `(.+)` \|$", TEXT, re.MULTILINE)
    assert found, name
    return found[1]


def test_the_vectors_verify():
    second = re.search(r"second secret `(\S+)` \| `(.+)` \|", TEXT)
    identity, stamp, body = vector("webhook-id"), int(vector("webhook-timestamp")), vector("body").encode()
    first = signing_key(vector("secret"))

    assert sign([first], identity, stamp, body) == vector("webhook-signature")
    assert sign([first, signing_key(second[1])], identity, stamp, body) == second[2]


@pytest.mark.parametrize(
    "delivery",
    [*samples(NOW), a_delivery(an_alert(published_at=None, url=None, update_of=3), thread_id="x"), a_delivery(more=7)],
)
def test_everything_we_send_fits_the_schema(delivery):
    assert faults(payload(delivery), SCHEMA) == []
    assert faults(payload(delivery, LINKS), SCHEMA) == []


def test_the_example_is_what_we_send():
    example = json.loads(re.search(r"```json\n(.*?)```", TEXT, re.DOTALL)[1])
    alert = an_alert(story_outlets=("Other Post",))

    sent = payload(a_delivery(an_alert(story_outlets=("Other Post",), hits=alert.hits[:1]), channel="hook"), LINKS)

    assert example == sent


def test_the_schema_would_find_a_fault():
    broken = payload(a_delivery())
    broken["data"]["alerts"][0]["article"]["published_at"] = "yesterday"
    broken["data"]["alerts"][0]["new"] = 1
    del broken["data"]["more"]

    assert len(faults(broken, SCHEMA)) == 3


def test_the_class_of_ones_own_in_the_documentation_works(capsys):
    code = re.search(r"```python\n(.*?)```", (DOCS / "alerts.md").read_text(), re.DOTALL)[1]
    module: dict[str, Any] = {"__name__": "acme"}
    exec(compile(code.replace("from __future__", "#"), "acme", "exec", dont_inherit=True), module)

    channel = module["TeamsChannel"]("desk", module["TeamsOptions"](room="news"), Tools())

    assert asyncio.run(channel.send(a_delivery())) == "accepted"
    assert channel.targets() == ("news",)
    assert "Khalilzad" in capsys.readouterr().out
