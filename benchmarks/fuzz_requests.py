"""Odd requests to our own addresses: none may fail, none may be answered as if it were sound.

    python benchmarks/fuzz_requests.py [count] [seed]

Paths are made of real ones by taking parts out, repeating them and putting in what breaks parsers;
`tests/pages/test_odd_requests.py` sends some of them with every run of the tests.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).parents[1]))

PATHS = (
    "/api/tiles/{id}/0/0/0",
    "/api/mercator/{id}/3/1/2",
    "/api/values/0/0/{id},{id}",
    "/api/runs/{id}/fused.tif",
    "/api/maps/{id}",
    "/api/health",
    "/vendor/leaflet/{id}/map.js",
    "/vendor/plotly/{id}/plotly.js",
)
ODD = (
    *("", "0", "-1", "-0", "1e9", "NaN", "inf", "0x1", "１", "٣", "+1", " 1", "1.0", "9" * 9),
    *("9" * 10, "9" * 30, "9" * 5000, "..", ".", "%2e%2e", "%2f", "..%2f..%2f", "%00", "a%00b"),
    *(
        "%0a",
        "%0d%0aX:y",
        "%ff",
        "%c3%28",
        "%ed%a0%80",
        "%",
        "%zz",
        "%25",
        "\\",
        "..\\..",
        "//",
        "/",
    ),
    *(
        "*",
        "?",
        "#",
        ";",
        "&",
        "~",
        "'",
        '"',
        "<img>",
        "{x}",
        "${x}",
        "%s%s%n",
        "é",
        "😀",
        "\u202e",
    ),
    *("a" * 300, "a" * 3000, "a" * 9000, "con", "nul", ".git", "request.json", "demo", "null"),
)
METHODS = ("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "X")
HEADERS = (
    *(
        ("range", value)
        for value in ("bytes=0-1", "bytes=-1", "bytes=9-1", "bytes=" + "0-1," * 999)
    ),
    *(("range", value) for value in ("bytes=a-b", "x", "bytes=99999999999999999999-")),
    *(("if-none-match", "*"), ("if-modified-since", "never"), ("if-range", "x")),
    *(("accept-encoding", "\xff"), ("content-length", "-1"), ("cookie", "=;=" * 99)),
    *(("x-forwarded-host", "evil.example"), ("transfer-encoding", "chunked")),
)


def requests(count: int, seed: int, known: str) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Yield method, path and headers; `known` is an id that leads somewhere."""
    draw = random.Random(seed)
    for _ in range(count):
        path = draw.choice(PATHS).replace(
            "{id}", known if draw.random() < 0.4 else draw.choice(ODD)
        )
        parts = path.split("/")
        for _ in range(draw.randrange(3)):
            place = draw.randrange(1, len(parts))
            how = draw.randrange(4)
            if how == 0:
                parts[place] = draw.choice(ODD)
            elif how == 1:
                parts.insert(place, draw.choice(ODD))
            elif how == 2 and len(parts) > 2:
                del parts[place]
            else:
                parts[place] += draw.choice(ODD)
        headers = [("host", "localhost"), *draw.sample(HEADERS, draw.randrange(3))]
        yield draw.choice(METHODS), quote("/".join(parts), safe="/%,.-_~"), headers


def faults(count: int, seed: int, known: str) -> tuple[Counter[int], list[str]]:
    """Send requests; return how many answers had which status, and what was answered wrongly."""
    from tests.pages.asking import ask, guarded

    app, statuses, wrong = guarded(), Counter[int](), []
    for method, path, headers in requests(count, seed, known):
        begun = time.perf_counter()
        answer = ask(app, path, method=method, headers=headers)
        took = time.perf_counter() - begun
        statuses[answer.status] += 1
        read = method in ("GET", "HEAD")
        fine = (200, 204, 206, 304, 400, 404, 416) if read else (400, 404, 405)
        if answer.status not in fine or took > 1 or b"Traceback" in answer.body:
            wrong.append(f"{answer.status} {took:.2f} s {method} {path[:200]} {headers}"[:400])
    return statuses, wrong


def main() -> None:
    """Send as many as asked for, and print what was answered."""
    import os

    count, seed = (int(word) for word in (*sys.argv[1:], "20000", "0")[:2])
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BANDWEAVE_HOME"] = folder
        begun = time.perf_counter()
        statuses, wrong = faults(count, seed, "0123456789abcdef")
    print(f"{count} requests in {time.perf_counter() - begun:.0f} s: {dict(statuses)}")
    print("\n".join(wrong[:20]) or "none was answered wrongly")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
