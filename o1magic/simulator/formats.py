"""`response_format`: checked as the API checks it, and filled with values that mean nothing.

Layer 5, standard library only, but for `errors`. Called by `contract` and `report`. A simulated answer holds no
knowledge in any form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from o1magic.simulator.errors import Refused, invalid_type, spelled

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("text", "json_object", "json_schema")
WORD = "simulated"
_FORMATS = {
    "date": "2024-09-12",
    "time": "10:00:00Z",
    "date-time": "2024-09-12T10:00:00Z",
    "duration": "PT14S",
    "email": "nobody@example.com",
    "hostname": "example.com",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
# A recursive schema ends here: in null or in an empty list, where it allows one.
_DEEPEST = 6


def read_format(value: Any, text: str, *, called: str = "response_format") -> dict[str, Any] | None:
    """Return the JSON schema an answer is to have, {} for any object, None for text.

    Raises Refused: no such format, JSON mode without the word in the messages' `text`, or a schema strict mode refuses.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid_type(called, "an object", value)
    kind = value.get("type")
    if kind not in KINDS:
        message = f"Invalid value: {spelled(kind)}. Supported values are: {', '.join(map(spelled, KINDS))}."
        raise Refused(400, message, param=f"{called}.type", code="invalid_value")
    if kind == "text":
        return None
    if kind == "json_object":
        if "json" not in text.lower():
            what = f"'messages' must contain the word 'json' in some form, to use '{called}' of type 'json_object'."
            raise Refused(400, what, param="messages")
        return {}
    # Responses has the name and the schema one level higher.
    inner = value if called == "text.format" else value.get("json_schema")
    return _read_schema(inner, f"{called}.json_schema" if inner is not value else called, called)


def _read_schema(inner: Any, place: str, called: str) -> dict[str, Any]:
    if not isinstance(inner, dict):
        raise invalid_type(place, "an object", inner)
    name, schema = inner.get("name"), inner.get("schema")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        message = f"Invalid '{place}.name': expected 1 to 64 letters, digits, underscores or dashes."
        raise Refused(400, message, param=f"{place}.name", code="invalid_value")
    if not isinstance(schema, dict):
        raise invalid_type(f"{place}.schema", "an object", schema)
    wrong = "schema must be a JSON Schema of 'type: \"object\"'" if schema.get("type") != "object" else ""
    if inner.get("strict") is True:
        wrong = wrong or _unstrict(schema, ())
    if wrong:
        message = f"Invalid schema for {called.rsplit('.', maxsplit=1)[-1]} '{name}': {wrong}."
        raise Refused(400, message, param=called)
    return schema


def _unstrict(node: Any, place: tuple[str, ...]) -> str:
    """Return what strict mode refuses in a schema, "" where it takes it all."""
    if not isinstance(node, dict):
        return ""
    where = f"In context={place}, "
    unknown = [key for key in ("default", "oneOf", "not", "prefixItems", "uniqueItems", "minLength") if key in node]
    if unknown:
        return f"{where}'{unknown[0]}' is not permitted"
    if "$ref" in node and len(node) > 1 and place:
        return f"{where}$ref cannot have keywords {sorted(node.keys() - {'$ref'})}"
    found = _unclosed(node, where) if node.get("type") == "object" else ""
    inside: list[tuple[tuple[str, ...], Any]] = [
        (("properties", name), one) for name, one in node.get("properties", {}).items()
    ]
    inside += [(("$defs", name), one) for name, one in node.get("$defs", {}).items()]
    inside += [(("anyOf", str(index)), one) for index, one in enumerate(node.get("anyOf", ()))]
    inside += [(("items",), node["items"])] if "items" in node else []
    return found or next(filter(None, (_unstrict(one, (*place, *step)) for step, one in inside)), "")


def _unclosed(node: dict[str, Any], where: str) -> str:
    if node.get("additionalProperties") is not False:
        return f"{where}'additionalProperties' is required to be supplied and to be false"
    missing = [name for name in node.get("properties", {}) if name not in node.get("required", ())]
    if missing:
        return (
            f"{where}'required' is required to be supplied and to be an array including every key in properties. "
            f"Missing '{missing[0]}'"
        )
    return ""


def fill(schema: Mapping[str, Any]) -> Any:
    """Return a value of that schema, as far as its limits are simple ones."""
    return _value(schema, schema, 0)


def _value(node: Any, root: Mapping[str, Any], depth: int) -> Any:  # noqa: PLR0911 - one line per kind of schema
    if not isinstance(node, dict):
        return None
    if "$ref" in node:
        return _value(_target(str(node["$ref"]), root), root, depth + 1)
    if "const" in node:
        return node["const"]
    if node.get("enum"):
        return node["enum"][0]
    if node.get("anyOf"):
        return _choice(node["anyOf"], root, depth)
    kind = node.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object" or "properties" in node:
        return {name: _value(one, root, depth + 1) for name, one in node.get("properties", {}).items()}
    if kind == "array":
        least = 0 if depth > _DEEPEST else min(1, node.get("maxItems", 1))
        return [_value(node.get("items"), root, depth + 1)] * max(node.get("minItems", 0), least)
    if kind in ("integer", "number"):
        return _number(node)
    if kind == "boolean":
        return False
    return _FORMATS.get(str(node.get("format")), WORD) if kind == "string" else None


def _choice(choices: list[Any], root: Mapping[str, Any], depth: int) -> Any:
    """Return a value of the first choice; deep down of the one that ends there."""
    ends = [one for one in choices if isinstance(one, dict) and "$ref" not in one and one.get("type") != "object"]
    return _value((ends or choices)[0] if depth > _DEEPEST else choices[0], root, depth + 1)


def _number(node: dict[str, Any]) -> Any:
    lowest = node.get("minimum", node.get("exclusiveMinimum", 0) + (1 if "exclusiveMinimum" in node else 0))
    highest = node.get("maximum", node.get("exclusiveMaximum", lowest) - (1 if "exclusiveMaximum" in node else 0))
    return min(max(0, lowest), highest) if "maximum" in node or "exclusiveMaximum" in node else max(0, lowest)


def _target(reference: str, root: Mapping[str, Any]) -> Any:
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        found = found.get(step) if step and isinstance(found, dict) else found
    return found
