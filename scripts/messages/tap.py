#!/usr/bin/env python3
"""Records every message that is published to the exchange, until SIGTERM.

usage: tap.py URL FILE              reads a queue of its own, bound to everything
       tap.py URL FILE --look QUEUE...  reads these queues; everything goes back

A JSON line each: routing key, properties, headers and the body as it was.
"""

import json
import signal
import sys

import pika

EXCHANGE = "monthclose"


def written(key, properties, body):
    return json.dumps({
        "routingKey": key,
        "messageID": properties.message_id,
        "type": properties.type,
        "contentType": properties.content_type,
        "deliveryMode": properties.delivery_mode,
        "headers": {name: value for name, value in (properties.headers or {}).items()},
        "body": body.decode("utf-8", "surrogateescape"),
    }, default=str)


def tap(channel, file):
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, EXCHANGE, "#")
    print("tapping", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # Returns twice a second, to notice the signal.
    for method, properties, body in channel.consume(queue, auto_ack=True, inactivity_timeout=0.5):
        if method is not None:
            file.write(written(method.routing_key, properties, body) + "\n")
            file.flush()


def look(channel, file, queues):
    """Reads each message once and acknowledges none: all go back when the connection ends."""
    for queue in queues:
        while True:
            method, properties, body = channel.basic_get(queue)
            if method is None:
                break
            file.write(written(queue, properties, body) + "\n")


def main():
    connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        channel = connection.channel()
        if sys.argv[3:4] == ["--look"]:
            look(channel, file, sys.argv[4:])
        else:
            tap(channel, file)
    connection.close()


if __name__ == "__main__":
    main()
