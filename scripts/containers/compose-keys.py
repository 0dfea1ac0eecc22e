"""Prints a line for each duplicate key in a mapping of a YAML file.

Newer engines refuse such a file, and docker-compose 1 ignores the first of the two keys.
"""
import sys

import yaml


def doubles(node, seen):
    if id(node) in seen:  # a repetition by an alias is reported once
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from doubles(item, seen)
    elif isinstance(node, yaml.MappingNode):
        lines = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in lines:
                yield f"{key.value} in line {line} and line {lines[key.value]}"
            lines[key.value] = line
            yield from doubles(value, seen)


for sentence in doubles(yaml.compose(sys.stdin, Loader=yaml.SafeLoader), set()):
    print(f"{sentence};", end=" ")
