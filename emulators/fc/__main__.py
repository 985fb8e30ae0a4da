"""Command line: run the emulator, or ask a running one something.

python -m emulators.fc --rendered rendered.json --code-root . --port-base 9000
python -m emulators.fc fire FUNCTION TRIGGER --api http://127.0.0.1:9000
python -m emulators.fc logs FUNCTION --api http://127.0.0.1:9000
python -m emulators.fc kill FUNCTION --api http://127.0.0.1:9000
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from emulators.fc.rendered import RenderedError, read
from emulators.fc.server import FunctionComputeEmulator, Options
from emulators.stopping import Stop

QUOTES = ('"', "'")
ENV_LINE = re.compile(r"""^[ \t]*([A-Za-z_]\w*)[ \t]*=("[^"]*"|'[^']*'|.*)$""", re.MULTILINE)
"""NAME=value; a value in quotes may span lines, as a key in PEM does."""

ASK = {"fire": ("POST", "timers"), "logs": ("GET", "logs"), "kill": ("POST", "kill")}


def main(arguments: list[str]) -> int:
    """Exit code 0 when all went well, 1 with a reason on stderr, 2 for a misspelt command."""
    try:
        if arguments and arguments[0] in ASK:
            return ask(arguments)
        return serve(_serve_options(arguments))
    except (RenderedError, OSError, ValueError) as error:
        print(f"emulators.fc: {error}", file=sys.stderr)
        return 1


def _serve_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m emulators.fc",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--rendered",
        type=Path,
        required=True,
        help="output of `s preview -t s.yaml -o json --silent`",
    )
    parser.add_argument(
        "--code-root",
        type=Path,
        default=Path(),
        help="folder that `code:` is relative to (default: here)",
    )
    parser.add_argument(
        "--code",
        action="append",
        default=[],
        metavar="NAME=DIR[:DIR]",
        help="run a function from these folders instead",
    )
    parser.add_argument(
        "--port-base",
        type=int,
        help="this port is the API, the next the gateway, then the functions",
    )
    parser.add_argument(
        "--ports",
        default="",
        metavar="NAME=PORT,…",
        help="ports by function, `api` or `gateway`; others are chosen freely",
    )
    parser.add_argument(
        "--env-file",
        type=Path,
        help="NAME=value lines that replace values of declared variables; quotes may span lines",
    )
    parser.add_argument("--no-timers", action="store_true", help="fire timers only on request")
    return parser.parse_args(arguments)


def serve(options: argparse.Namespace) -> int:
    """Run until interrupted."""
    document = _document(options.rendered)
    stop = Stop()
    emulator = FunctionComputeEmulator(
        document,
        options.code_root,
        _read_env(options.env_file),
        options=Options(ports=_ports(options, document), code=_code(options.code)),
    )
    with emulator:
        _announce(emulator, given=_code(options.code))
        seen_s = int(time.time())
        while not stop.wait(within_s=0.5):
            now_s = int(time.time())
            if now_s > seen_s and not options.no_timers:
                emulator.run_timers(seen_s, now_s)
            seen_s = now_s
    return 0


def _document(path: Path) -> dict[str, Any]:
    """What `s preview` printed; its complaints come on standard output too."""
    text = path.read_text(encoding="utf-8")
    try:
        document: dict[str, Any] = json.loads(text)
    except ValueError:
        complaint = " ".join(text.split())[:200] or "nothing"
        raise RenderedError(f"{path} is not the JSON of `s preview`: {complaint}") from None
    return document


def ask(arguments: list[str]) -> int:
    """One request to the control API of a running emulator."""
    parser = argparse.ArgumentParser(prog="python -m emulators.fc")
    parser.add_argument("verb", choices=sorted(ASK))
    parser.add_argument("function")
    parser.add_argument("trigger", nargs="?")
    parser.add_argument("--api", required=True, help="address of the emulator's API port")
    options = parser.parse_args(arguments)
    if (options.verb == "fire") != (options.trigger is not None):
        parser.error("`fire` takes a function and a timer, other verbs only a function")
    method, noun = ASK[options.verb]
    path = [options.function, noun, *([options.trigger] if options.trigger else [])]
    url = options.api.rstrip("/") + "/-/functions/" + "/".join(quote(part) for part in path)
    try:
        with urlopen(Request(url, method=method)) as answer:
            text = answer.read().decode()
    except HTTPError as error:
        with error:
            text = error.read().decode()
        print(f"emulators.fc: {text.strip()}", file=sys.stderr)
        return 1
    except URLError as error:
        print(f"emulators.fc: {options.api}: {error.reason}", file=sys.stderr)
        return 1
    print(text, end="")
    return 0 if options.verb != "fire" or json.loads(text)["kind"] == "ok" else 1


def _announce(emulator: FunctionComputeEmulator, *, given: dict[str, list[str]]) -> None:
    for note in emulator.notes:
        print(f"note: {note}", file=sys.stderr)
    here = f"python{sys.version_info.major}.{sys.version_info.minor}"
    others = {spec.runtime for spec in emulator.rendered.functions} - {here}
    if others and not given:
        print(f"note: runs on {here}, not on {', '.join(sorted(others))}; modules compiled for "
              "another Python will not load (--code runs sources)", file=sys.stderr)
    addresses = {spec.name: emulator.url(spec.name) for spec in emulator.rendered.functions}
    if emulator.rendered.routes:
        addresses["gateway"] = emulator.gateway_url
    for name, url in {**addresses, "api": f"http://{emulator.api_endpoint}"}.items():
        print(f"{name:<32} {url}", flush=True)


def _ports(options: argparse.Namespace, document: dict[str, Any]) -> dict[str, int]:
    ports: dict[str, int] = {}
    if options.port_base is not None:
        names = ["api", "gateway", *(spec.name for spec in read(document).functions)]
        ports.update({name: options.port_base + index for index, name in enumerate(names)})
    for entry in filter(None, options.ports.split(",")):
        name, _, port = entry.partition("=")
        ports[name.strip()] = int(port)
    return ports


def _code(entries: list[str]) -> dict[str, list[str]]:
    pairs = [entry.partition("=") for entry in entries]
    return {name: folders.split(":") for name, _, folders in pairs}


def _read_env(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    found = ENV_LINE.findall(path.read_text(encoding="utf-8"))
    return {name: value[1:-1] if value[:1] in QUOTES else value.strip() for name, value in found}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
