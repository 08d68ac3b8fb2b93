"""A JSON schema -> the form that strict structured output takes, and what of it cannot be said that way.

Layer 1, pure, standard library only; not imported before a schema is given. Called by `shape`.

What is added only narrows (every property required, no others), so an answer to the strict form is one to the original.
What is left out is checked here when the answer comes. Strict mode's limits: OpenAI, Structured Outputs guide,
"Supported schemas", from memory; pydantic models come out as from openai 3.54's own helper, less what is named below
(compared on 2026-11-23).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Says nothing about the answer.
_SILENT = ("$schema", "$id", "$comment", "default", "discriminator", "examples", "deprecated", "readOnly", "writeOnly")
# Limits that strict mode does not know; the answer is held to them here.
_UNSENT = ("minLength", "maxLength", "uniqueItems", "minProperties", "maxProperties", "contains", "minContains")
_FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
# Schemas made of these cannot be strict.
_UNSTRICT = (
    *("not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties", "propertyNames"),
    *("prefixItems", "unevaluatedProperties", "unevaluatedItems"),
)


@dataclass(slots=True)
class Strict:
    """The schema to send; `unsent` names limits left out of it, `loose` the places for which it cannot be strict."""

    schema: dict[str, Any]
    unsent: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)


def strict(schema: dict[str, Any]) -> Strict:
    """Return the schema as strict structured output takes it.

    Raises ValueError: its root is no object, which no endpoint takes.
    """
    made = Strict({})
    root = _root(schema)
    made.schema = _narrowed(root, "", made)
    if made.schema.get("type") != "object":
        raise ValueError("its root must be an object: put a list or a union into a field")
    return made


def _root(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with a root that is a mere reference, as that of a recursive model, in its place."""
    target = schema.get("$ref")
    for section in ("$defs", "definitions"):
        prefix = f"#/{section}/"
        if isinstance(target, str) and target.startswith(prefix) and isinstance(schema.get(section), dict):
            named = schema[section].get(target.removeprefix(prefix))
            if isinstance(named, dict):
                return {**{key: value for key, value in schema.items() if key != "$ref"}, **named}
    return schema


def _narrowed(node: Any, place: str, made: Strict) -> Any:
    if not isinstance(node, dict):
        return node
    sent = {key: value for key, value in node.items() if key not in _SILENT}
    _leave_out(sent, place, made)
    made.loose += [f"{key}{_at(place)}" for key in _UNSTRICT if key in sent]
    _united(sent, place, made)
    for section in ("$defs", "definitions"):
        if isinstance(sent.get(section), dict):
            sent[section] = {name: _narrowed(one, name, made) for name, one in sent[section].items()}
    if isinstance(sent.get("anyOf"), list):
        sent["anyOf"] = [_narrowed(one, place, made) for one in sent["anyOf"]]
    if "items" in sent:
        sent["items"] = _narrowed(sent["items"], f"{place}[]", made)
    if sent.get("type") == "object" or "properties" in sent:
        _close(sent, place, made)
    if "$ref" in sent and len(sent) > 1 and place:
        return {"anyOf": [{"$ref": sent.pop("$ref")}], **sent}
    return sent


def _leave_out(sent: dict[str, Any], place: str, made: Strict) -> None:
    """Take out the limits that strict mode does not know, and remember them."""
    unsent = [key for key in _UNSENT if key in sent]
    if "format" in sent and sent["format"] not in _FORMATS:
        unsent.append("format")
    for key in unsent:
        made.unsent.append(f"{key}{_at(place)}")
        del sent[key]


def _united(sent: dict[str, Any], place: str, made: Strict) -> None:
    """Write a choice of one, and a choice of exactly one, as a choice; the answer is held to the original."""
    for key in ("allOf", "oneOf"):
        parts = sent.get(key)
        if not isinstance(parts, list):
            continue
        if "anyOf" in sent or (key == "allOf" and len(parts) > 1):
            made.loose.append(f"{key}{_at(place)}")
        else:
            sent["anyOf"] = sent.pop(key)


def _close(sent: dict[str, Any], place: str, made: Strict) -> None:
    """Require every property of an object, and allow no others."""
    properties = sent.get("properties")
    if sent.get("additionalProperties") not in (None, False) or not isinstance(properties, dict):
        made.loose.append(f"free-form object{_at(place)}")
        return
    sent["type"] = "object"
    sent["properties"] = {name: _narrowed(one, f"{place}.{name}".lstrip("."), made) for name, one in properties.items()}
    sent["required"] = list(properties)
    sent["additionalProperties"] = False


def _at(place: str) -> str:
    return f" at {place}" if place else ""
