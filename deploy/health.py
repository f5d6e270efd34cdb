"""Health for containers: `health.py live` asks this container's web, `health.py NAME` asks `/readyz` about a process.

A process that serves nothing itself (processor, worker, scheduler, a consumer) leaves signs of life in the database,
which `/readyz` reads. `ONYM_WEB` says where the web is.
"""

import http.client
import json
import os
import sys

REACHABLE = (200, 503)


def answer(path: str) -> tuple[int, bytes]:
    """Status and body, asked under a host name that the web accepts."""
    host = os.environ.get("ALLOWED_HOSTS", "127.0.0.1").split(",")[0].lstrip(".")
    connection = http.client.HTTPConnection(os.environ.get("ONYM_WEB", "127.0.0.1:8000"), timeout=4)
    try:
        connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def is_well(subject: str) -> bool:
    """Whether the subject, `live` or the name of a process, is well."""
    try:
        if subject == "live":
            return answer("/livez")[0] == 200
        status, body = answer("/readyz")
        return status in REACHABLE and json.loads(body)["checks"].get(subject) == "ok"
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_well(sys.argv[1]) else 1)
