"""Lambda's Runtime API in a loop, over one connection. The official client does more, and is no faster."""

import http.client
import json
import os

from handler import handler

INVOCATION = "/2018-06-01/runtime/invocation/"


def serve() -> None:
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

    def call(method: str, path: str, body: str | None = None) -> tuple[str, bytes]:
        connection.request(method, INVOCATION + path, body)
        answer = connection.getresponse()
        return answer.getheader("lambda-runtime-aws-request-id"), answer.read()

    while True:
        request, event = call("GET", "next")
        try:
            call("POST", f"{request}/response", json.dumps(handler(json.loads(event))))
        except Exception as error:
            told = {"errorType": type(error).__name__, "errorMessage": str(error)}
            call("POST", f"{request}/error", json.dumps(told))


serve()
