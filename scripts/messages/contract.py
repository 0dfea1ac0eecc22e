"""The published schemas of docs/messages, either tolerant, as consumers read them, or strict.

Strict: every object that lists its properties accepts no others. This finds fields that are sent but
not documented, while consumers continue to ignore unknown fields.
"""

import json
import os
import pathlib
import warnings

import jsonschema

# Another folder only to check that faults in it are found.
FOLDER = pathlib.Path(
    os.environ.get("MESSAGES_FOLDER")
    or pathlib.Path(__file__).resolve().parents[2] / "docs" / "messages"
).resolve()


def strict_form(schema):
    if isinstance(schema, list):
        return [strict_form(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: strict_form(value) for key, value in schema.items()}
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed["additionalProperties"] = False
    return closed


class Contract:
    def __init__(self, strict):
        self.schemas = {}
        for file in sorted((FOLDER / "schemas").glob("*.json")):
            schema = json.loads(file.read_text("utf-8"))
            self.schemas[file.name] = strict_form(schema) if strict else schema
        store = {self.address(name): schema for name, schema in self.schemas.items()}
        self.validators = {}
        for name, schema in self.schemas.items():
            jsonschema.Draft7Validator.check_schema(schema)
            with warnings.catch_warnings():
                # Newer versions of the library have another class for it; Debian's has this one.
                warnings.simplefilter("ignore", DeprecationWarning)
                resolver = jsonschema.RefResolver(self.address(name), schema, store=store)
            self.validators[name] = jsonschema.Draft7Validator(schema, resolver=resolver)

    @staticmethod
    def address(name):
        return (FOLDER / "schemas" / name).as_uri()

    def types(self):
        return [name[: -len(".json")] for name in self.schemas if name.endswith(".v1.json")]

    def faults(self, message, name=None):
        """The faults of a message, one line each; by the schema of its type, or by the named one."""
        if name is None:
            kind = message.get("type") if isinstance(message, dict) else None
            name = f"{kind}.json"
        if name not in self.validators:
            return [f"there is no schema {name}"]
        errors = self.validators[name].iter_errors(message)
        return sorted(
            f"{'.'.join(str(part) for part in error.absolute_path) or 'message'}: {error.message}"
            for error in errors
        )
