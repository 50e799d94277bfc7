"""The template's pipe, for an emulator whose pipes fill no topic.

It chooses records by the template's own filter, and sends of each what the template's input template leaves.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

Json = Any

VARIABLE = re.compile(r"<\$\.(?P<path>[\w.]+)>")


@dataclass(frozen=True)
class LocalPipe:
    """From a table's stream to a topic."""

    pipe: Json
    streams: Any
    topics: Any
    stream: str
    topic: str

    def run(self, sort_key: str = "") -> list[Json]:
        """Sends every record of the stream that passes the filter and whose sort key begins so; returns the messages."""
        parameters = self.pipe["SourceParameters"]
        patterns = [json.loads(one["Pattern"]) for one in parameters["FilterCriteria"]["Filters"]]
        chosen = [record for record in self._records() if any(matches(pattern, record) for pattern in patterns)]
        messages = [shaped(self.pipe["TargetParameters"]["InputTemplate"], record) for record in chosen]
        read = [json.loads(message) for message in messages]
        sent = [one for one in read if one["dynamodb"]["Keys"]["sk"]["S"].startswith(sort_key)]
        for message in sent:
            self.topics.publish(TopicArn=self.topic, Message=json.dumps(message))
        return sent

    def _records(self) -> list[Json]:
        [shard] = self.streams.describe_stream(StreamArn=self.stream)["StreamDescription"]["Shards"]
        position = self.streams.get_shard_iterator(
            StreamArn=self.stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records: list[Json] = []
        while page := (answer := self.streams.get_records(ShardIterator=position))["Records"]:
            records += page
            position = answer["NextShardIterator"]
        return records


def matches(pattern: Json, value: Json) -> bool:
    """Whether a value is what an event pattern asks for; of its operators only the prefix and existence are known."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(matches(wanted, value.get(name)) for name, wanted in pattern.items())
    return any(is_wanted(wanted, value) for wanted in pattern)


def is_wanted(wanted: Json, value: Json) -> bool:
    match wanted:
        case {"exists": exists}:
            return (value is not None) == exists
        case {"prefix": prefix}:
            return isinstance(value, str) and value.startswith(prefix)
    return bool(wanted == value)


def shaped(template: str, record: Json) -> str:
    """An input template with the parts of a record that it names."""

    def part(variable: re.Match[str]) -> str:
        value = record
        for name in variable["path"].split("."):
            value = value[name]
        return json.dumps(value)

    return VARIABLE.sub(part, template)
