"""The demo: a site with invented people and worries, served until it is stopped."""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import subprocess  # nosec B404 # starts our own server and jobs
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import FrameType

import config
from intake import demo_data, demo_key, demo_story, wiring
from intake.domain.deadline import HELSINKI
from intake.domain.directory import Directory
from intake.domain.people import Role
from intake.parts import Parts, utc_now
from intake.services.status import Stage, Status
from intake.store.database import Database
from intake.vault.own import ReceiptCode

HOST = "127.0.0.1"
PROCESSES = "2"
PINNED = "ANKKURI_DIRECTORY_KEY"
START_SECONDS, END_SECONDS, LOOK_SECONDS = 60, 10, 0.2
ROLES = {
    Role.WORKER: "työntekijä / worker: avaa ja käsittelee ilmoituksia / opens and handles reports",
    Role.DEPUTY: "sijainen / deputy: kuten työntekijä, muistutetaan toisena / like a worker",
    Role.HEAD: "esihenkilö / unit's head: yksikkönsä ilmoitukset / the unit's own reports",
    Role.SUPERVISOR: "määräaikojen valvoja / supervisor: ajat ja tilat, ei sisältöä / no content",
    Role.COORDINATOR: "poliisikoordinaattori / police coordinator: vain lukumäärät / counts only",
    Role.RULE_EDITOR: "välityssäännöt / rule editor: säännöt / the rules",
    Role.ADMINISTRATOR: "pääkäyttäjä / administrator: hakemisto, käyttäjät / directory, people",
    Role.AUDITOR: "tietosuoja / auditor: käyttöloki, ei sisältöä / the trail, no content",
}
STAGES = {
    Stage.STORED: "tallennettu / stored",
    Stage.OPENED: "avattu / opened",
    Stage.HANDLED: "käsittelyssä / being handled",
    Stage.MOVED: "siirretty / moved",
    Stage.TAKEN_OVER: "otettu hoitoon / taken over",
    Stage.WITHDRAWN: "peruttu / withdrawn",
    Stage.CLOSED: "käsittely päättynyt / closed",
}


def run(port: int, *, only_make: bool) -> int:
    """Make the demo unless it is there; then serve it. Raises SettingsUnusable."""
    signal.signal(signal.SIGTERM, _stop)
    environ = environment(port, os.environ)
    settings = config.load(environ)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if not only_make:
        config.refuse_taken_port(HOST, port)
    try:
        if not demo_story.is_made(settings):
            print("Tehdään esittelyaineistoa… / Making the demo…", flush=True)
            demo_story.make(settings, utc_now())
        settings = demo_key.pinned(settings)
        database = Database(settings.database, wiring.signed_of(settings))
        database.refuse_newer()
        database.upgrade()
        demo_key.sign_all(settings, database, utc_now())
        database.engine.dispose()
        print(welcome(settings), flush=True)
        environ[PINNED] = settings.directory_key
        return 0 if only_make else _serve(port, environ)
    except KeyboardInterrupt:
        return 0


def environment(port: int, given: Mapping[str, str]) -> dict[str, str]:
    """What the demo and its processes are told: of the project's settings only the folder's.

    The directory key, once it is made, is the demo's own.
    """
    settings = config.load(_only_data(given))
    pin = demo_key.pin(settings.keys)
    return {
        **{name: value for name, value in given.items() if not name.startswith("ANKKURI_")},
        **({PINNED: pin} if pin else {}),
        "ANKKURI_DATA": str(settings.data),
        "ANKKURI_SECURE_COOKIES": "no",
        "ANKKURI_BANNER": "demo",
        "ANKKURI_MAIL": "files",
        "ANKKURI_LOG": "text",
        "ANKKURI_BASE_URL": f"http://{HOST}:{port}",
    }


def _only_data(given: Mapping[str, str]) -> dict[str, str]:
    return {"ANKKURI_DATA": given.get("ANKKURI_DATA", "data/demo")}


def welcome(settings: config.Settings) -> str:
    """What a visitor needs to know, in Finnish and short English."""
    demo = demo_data.read_demo()
    marker = json.loads((settings.data / demo_story.MARKER).read_text("ascii"))
    made_at = datetime.fromisoformat(marker["made_at"]).astimezone(HELSINKI)
    parts = wiring.build(settings)
    followed = _followed(parts, marker["codes"])
    parts.database.engine.dispose()
    letters = len(list(settings.letters.glob("*.eml")))
    return "\n".join(
        (
            "",
            "Ankkuri: esittely. Kaikki henkilöt ja asiat ovat keksittyjä. / All is invented.",
            f"Aineisto tehty / made {made_at:%d.%m.%Y %H.%M}: {settings.data}",
            "  Poista kansio, niin aineisto tehdään uudestaan. / Delete the folder to renew it.",
            "",
            f"Ilmoita huolesta / report a worry:    {settings.base_url}/",
            f"Seuraa ilmoitusta / follow a report:  {settings.base_url}/status",
            *followed,
            f"Kirjaudu viranomaisena / sign in:     {settings.base_url}/sign-in",
            f"  salalause kaikille / passphrase for all: {demo['passphrase']}",
            "  koodi näkyy kirjautumisen sivulla / the code is shown as you sign in",
            *_sign_ins(parts.directory, demo["person"]),
            f"Kirjeet / letters: {letters}, {settings.letters}",
            "",
        )
    )


def _followed(parts: Parts, codes: Sequence[str]) -> list[str]:
    """Each shown receipt code with the stage of its lead agency."""
    status = Status(parts.database, parts.directory)
    found = [(code, status.by_code(ReceiptCode.parse(code)).agencies[0]) for code in codes]
    return [f"  {code}  {STAGES[lead.stage]}" for code, lead in found]


def _sign_ins(directory: Directory, people: Sequence[demo_data.Table]) -> list[str]:
    """By role: what it sees, and who signs in for which agencies or controllers."""
    names = {place.id: place.name["fi"] for place in directory.agencies.values()}
    names |= {place.id: place.name["fi"] for place in directory.controllers.values()}
    lines = []
    for role, about in ROLES.items():
        lines.append(f"  {about}")
        for person in people:
            if held := person.get(role):
                more = f" (+ {len(held) - 1})" if len(held) > 1 else ""
                lines.append(f"    {person['sign_in']:<22} {names[held[0]]}{more}")
    return lines


def _serve(port: int, environ: Mapping[str, str]) -> int:
    """Run the server and the jobs until told to stop, or until one of them ends."""
    command = [sys.executable, "-m", "intake.cli"]
    serve = [*command, "serve", "--port", str(port), "--processes", PROCESSES, "--quiet"]
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        children["serve"] = subprocess.Popen(serve, env=environ)  # nosec B603 # our own words
        children["jobs"] = subprocess.Popen([*command, "jobs"], env=environ)  # nosec B603 # our own words
        return _watch(children, port)
    finally:
        _end(children)


def _watch(children: Mapping[str, subprocess.Popen[bytes]], port: int) -> int:
    """Say when the port answers; 1 once a child has ended by itself."""
    ready, give_up_at = False, time.monotonic() + START_SECONDS
    while True:
        for name, child in children.items():
            if child.poll() is not None:
                print(f"ankkuri: `{name}` ended with {child.returncode}", file=sys.stderr)
                return 1
        if not ready and _answers(port):
            ready = True
            print(f"Valmis / ready: http://{HOST}:{port}/  (Ctrl-C lopettaa / stops)", flush=True)
        if not ready and time.monotonic() > give_up_at:
            print(f"ankkuri: port {port} does not answer", file=sys.stderr)
            return 1
        time.sleep(LOOK_SECONDS)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/")
        connection.getresponse()
        return True
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Ask them to end; kill those that have not within END_SECONDS."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for child in children.values():
        child.terminate()
    end_at = time.monotonic() + END_SECONDS
    for child in children.values():
        try:
            child.wait(max(end_at - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
