"""Types for TypeScript and Python, made from the OpenAPI document of the control API.

    crisp-mock schema faults > faults.json; curl …/_mock/openapi.json > openapi.json
    python3 packaging/types_of.py (ts|py) openapi.json faults.json

Prints the file. `clients/node/openapi.d.ts` and `clients/python/crisp_mock/types.py` are kept in the
repository; a test of tests/packages holds them to the program, and `just bless` rewrites them.
"""

import json
import sys

# Components that a test meets. The others are for people who read dumps.
COMPONENTS = ["Info", "Plan", "Website", "Entry", "Journal", "Event", "Clock", "Quota"]
# What is told in words alone, since a type of it would say no more.
OPEN = {"QuirkSettings", "State", "Quirks"}
HEAD = "Made from the OpenAPI document of the control API by packaging/types_of.py: not written by hand."


def body(document, path):
    content = document["paths"][path]["post"]["requestBody"]["content"]
    return content["application/json"]["schema"]


def query(operation):
    """The parameters of a call, as an object."""
    members = {}
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            members[parameter["name"]] = parameter["schema"] | {"description": parameter["description"]}
    return {"type": "object", "properties": members}


def objects(document, faults):
    """Every object that is written out, by its name."""
    found = {name: document["components"]["schemas"][name] for name in COMPONENTS}
    found["NewSpace"] = body(document, "/_mock/spaces")
    found["Install"] = body(document, "/_mock/websites")
    found["RequestFilter"] = query(document["paths"]["/_mock/requests"]["get"])
    found["Fault"] = with_effects(faults["$defs"]["Fault"])
    return found


def with_effects(fault):
    """A fault has one of its effects: here each is a member that need not be there."""
    members = dict(fault["properties"])
    for effect in fault["oneOf"]:
        for name, schema in effect["properties"].items():
            members.setdefault(name, {"description": effect["description"]} | schema)
    return {"type": "object", "properties": members}


def plain(schema, definitions):
    """Without references, except to what is written out, and without `or null`."""
    while True:
        if "$ref" in schema and schema["$ref"].startswith("#/$defs/"):
            schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
            continue
        branches = schema.get("anyOf") or schema.get("oneOf") or []
        branches = [branch for branch in branches if branch != {"type": "null"}]
        if len(branches) == 1:
            schema = branches[0]
            continue
        return schema


def doc(schema):
    while "description" not in schema and len(schema.get("anyOf", [])) == 2:
        schema = schema["anyOf"][0]
    first = schema.get("description", "").split("\n\n")[0]
    return " ".join(first.split()).replace("*/", "* /")


class Language:
    """How types are written; one subclass a language."""

    def __init__(self, definitions):
        self.definitions = definitions

    def of(self, schema):
        schema = plain(schema, self.definitions)
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return name if name in COMPONENTS else self.record()
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches:
            return self.union([self.of(branch) for branch in branches])
        if "const" in schema:
            return self.literals([schema["const"]])
        if "enum" in schema:
            return self.literals(schema["enum"])
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        return self.union([self.kind(kind, schema) for kind in kinds] or [self.anything()])

    def kind(self, kind, schema):
        if kind == "array":
            return self.list(self.of(schema.get("items", {})))
        if kind == "object":
            return self.record()
        return self.SIMPLE[kind]

    def union(self, kinds):
        return " | ".join(dict.fromkeys(part for kind in kinds for part in kind.split(" | ")))


class TypeScript(Language):
    SIMPLE = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}

    def record(self):
        return "Record<string, unknown>"

    def anything(self):
        return "unknown"

    def list(self, item):
        return f"Array<{item}>"

    def literals(self, values):
        return self.union([json.dumps(value) for value in values])

    def file(self, found):
        lines = [f"// {HEAD}", ""]
        for name, schema in found.items():
            lines.append(f"export interface {name} {{")
            required = schema.get("required", [])
            for member, its in schema["properties"].items():
                if doc(its):
                    lines.append(f"  /** {doc(its)} */")
                key = member if member.isidentifier() else json.dumps(member)
                lines.append(f"  {key}{'' if member in required else '?'}: {self.of(its)};")
            lines += ["}", ""]
        return "\n".join(lines)


class Python(Language):
    SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}

    def record(self):
        return "dict[str, Any]"

    def anything(self):
        return "Any"

    def list(self, item):
        return f"list[{item}]"

    def literals(self, values):
        return f"Literal[{', '.join(repr(value) for value in values)}]"

    def file(self, found):
        lines = [f'"""{HEAD}"""', "", "from __future__ import annotations", ""]
        lines += ["from typing import Any, Literal, TypedDict", ""]
        for name, schema in found.items():
            required = schema.get("required", [])
            members = schema["properties"]
            base = "TypedDict"
            needed = {member: its for member, its in members.items() if member in required}
            if needed and len(needed) < len(members):
                lines += self.klass(f"_{name}", "TypedDict", needed)
                base, members = f"_{name}", {m: i for m, i in members.items() if m not in needed}
            total = "" if members.keys() == needed.keys() else ", total=False"
            lines += self.klass(name, base + total, members)
        return "\n".join(lines).rstrip("\n") + "\n"

    def klass(self, name, base, members):
        lines = ["", f"class {name}({base}):"]
        for member, its in members.items():
            lines.append(f"    {member}: {self.of(its)}")
            if doc(its):
                # A raw text: descriptions may hold backslashes.
                lines.append(f'    r"""{doc(its)}"""')
        return lines + [""]


def main():
    language, openapi, faults = sys.argv[1:]
    with open(openapi, encoding="utf-8") as file:
        document = json.load(file)
    with open(faults, encoding="utf-8") as file:
        faults = json.load(file)
    written = {"ts": TypeScript, "py": Python}[language](faults["$defs"])
    print(written.file(objects(document, faults)), end="")


main()
