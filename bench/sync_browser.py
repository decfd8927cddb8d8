"""Visits written in real browsers under faults, against a real `linqi serve` that is killed; the independent judge of the tests at the end.

    LINQI_HOME=/tmp/s .venv/bin/python -m bench.sync_browser [--visits 500] [--acts 1500] [--kills 10] [--seed 1]

Made for a scratch database (a file in LINQI_HOME, or DATABASE_URL). Two people have a browser profile each with the page in the hand, a third is at a
desk. What the pages send goes through a proxy that drops requests and answers, doubles them, and brings them late and out of order; the network of
a browser is cut and restored, the page closed and opened with another clock within two days either way, the server killed with signal 9.
`tests/test_journeys_hand.py` runs it small. Goal: no fault.
"""

import argparse
import http.client
import json
import os
import random
import re
import shutil
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PASSWORD = "走访-2026-hand"
DAY = 86_400_000  # milliseconds
CLOCK = """(() => { const Real = Date; globalThis.Date = class extends Real {
  constructor(...said) { said.length ? super(...said) : super(Real.now() + OFF); } static now() { return Real.now() + OFF; } }; })()"""
SCREEN = """(changes) => {
  const form = document.querySelector("#f-summary")?.form;
  if (!form) return null;
  const shown = Object.fromEntries(["met", "summary", "next_step"].map((name) => [name, [form.elements[name].value]]));
  for (const text of document.querySelectorAll("[id^=clash-]")) {
    const title = text.closest(".card").querySelector(".card-title").textContent;
    const name = { "见到谁": "met", "走访情况": "summary", "下一步": "next_step" }[title.split(" · ").at(-1)];
    shown[name].push(text.dataset.theirs ??= text.value);
  }
  const finish = [...form.querySelectorAll("button")].some((one) => one.textContent === "完成走访");
  if (changes.summary === undefined && !shown.summary[0].trim()) changes.summary = changes.else;
  delete changes.else;
  for (const [name, text] of Object.entries(changes)) {
    form.elements[name].value = text;
    form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
  }
  form.dataset.old = "";
  return { shown, finish, changes };
}"""
CLASH = """(text) => {
  const area = document.querySelector("[id^=clash-]");
  if (!area) return null;
  const card = area.closest(".card"), form = document.querySelector("#f-summary").form;
  const name = { "见到谁": "met", "走访情况": "summary", "下一步": "next_step" }[card.querySelector(".card-title").textContent.split(" · ").at(-1)];
  const shown = [form.elements[name].value, area.dataset.theirs ??= area.value];
  area.value = text;
  area.dispatchEvent(new Event("input", { bubbles: true }));
  card.dataset.old = "";
  return { name, shown };
}"""
HELD = """() => new Promise((done, failed) => { const asked = indexedDB.open("linqi-hand"); asked.onerror = failed; asked.onsuccess = () => {
  const open = asked.result.transaction(["sheets", "key", "meta", "queue"]), kept = {};
  open.objectStore("sheets").getAll().onsuccess = (said) => (kept.sheets = said.target.result);
  open.objectStore("queue").getAll().onsuccess = (said) => (kept.queue = said.target.result);
  open.objectStore("key").get("seal").onsuccess = (said) => (kept.key = said.target.result);
  open.objectStore("meta").get("token").onsuccess = (said) => (kept.token = said.target.result);
  open.oncomplete = async () => {
    const read = async (one) => JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv: one.iv }, kept.key, one.data)));
    done({ sheets: await Promise.all(kept.sheets.map(read)), queue: kept.queue.length, token: await read(kept.token) });
  }; }; })"""


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--visits", type=int, default=500)
    asked.add_argument("--acts", type=int, default=1500)
    asked.add_argument("--kills", type=int, default=10)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--port", type=int, default=8110, help="of the proxy; the server takes the next")
    given = asked.parse_args()
    home = Path(os.environ.setdefault("LINQI_HOME", "var"))
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{home.resolve() / 'browser.sqlite3'}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linqi.config.settings")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this thread

    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    report = run(given)
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return 1 if report["faults_found"] else 0


def run(given):
    from django.db import connection
    from playwright.sync_api import sync_playwright

    from bench.serving import Served
    from bench.sync_faults import Line, fill, session_of
    from linqi.visits.tests.fleet import Desk
    from linqi.visits.tests.oracle import Held, faults

    rng, began = random.Random(given.seed), time.perf_counter()
    users, _firms, visits = fill(given.visits)
    owners = {"手机甲": users["econ_specialist"], "手机乙": users["community_secretary"]}
    for user in owners.values():
        user.set_password(PASSWORD)
        user.save()
    session = session_of(users["party_specialist"])
    with connection.cursor() as cursor:
        before = Held.of(cursor)
    connection.close()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with Served(given.port + 1, workers=1) as served, Proxy(given.port, rng) as proxy, sync_playwright() as playwright:
        line = Line(given.port + 1, served.answers)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        hands = [Hand(browser, f"http://localhost:{given.port}", name, owner, rng) for name, owner in owners.items()]
        desk = Desk(
            lambda path: line.page("GET", path, session), lambda path, form: line.page("POST", path, session, form), rng
        )
        proxy.bad = 0.6
        kills = sorted(rng.sample(range(given.acts // 5, given.acts), given.kills))
        for act in range(given.acts):
            if act in kills:
                threading.Timer(
                    rng.uniform(0, 1), served.kill_web_workers if act % 2 else served.kill_and_start
                ).start()
            live_a_little(rng.choice(hands), desk, visits, rng)
        while desk.opened:
            desk.keep()
        time.sleep(1.5)  # a kill may still be on its way
        served.answers()
        proxy.bad = 0
        for hand in [*hands, *hands]:
            hand.settle_down()
        screens = {hand.name: hand.holds(line) for hand in hands}
        waiting = [f"{hand.name}: {hand.queue} wait still" for hand in hands if hand.queue]
        complaints = [said for hand in hands for said in hand.complaints]
        browser.close()
    diary, unsent = [*desk.diary], []
    for hand in hands:
        sent = proxy.sent.get(hand.token, {})
        if sorted(sent) != list(range(1, len(hand.diary) + 1)):
            unsent.append(f"{hand.name}: {len(hand.diary)} written, sent were {len(sent)} up to {max(sent, default=0)}")
        for number, one in enumerate(hand.diary, 1):
            one.uid = sent.get(number, f"{hand.name}-{number} never sent")
        diary += hand.diary
    with connection.cursor() as cursor:
        found = faults(cursor, diary, proxy.answered, screens, before)
    return {
        "database": connection.vendor,
        "visits": len(visits),
        "people": 3,
        "devices": len(hands),
        "operations": sum(len(hand.diary) for hand in hands),
        "written_at_the_desk": len(desk.diary),
        "outcomes": Counter(one["outcome"] for one in proxy.answered.values()),
        "faults_put_in": {**proxy.told, **sum((hand.told for hand in hands), Counter()), "kill -9": len(kills)},
        "faults_found": [*waiting, *unsent, *complaints, *found][:20],
        "seconds": round(time.perf_counter() - began, 1),
    }


def live_a_little(hand, desk, visits, rng):
    """One thing that happens."""
    luck = rng.random()
    if luck < 0.12:
        hand.cut(rng.random() < 0.5)
    elif luck < 0.16:
        hand.reopen()
    elif luck < 0.22:
        desk.open(rng.choice(visits))
    elif luck < 0.27:
        desk.keep()
    elif luck < 0.29:
        desk.settle()
    else:
        hand.write()


class Hand:
    """A person with a browser profile that holds the page in the hand."""

    def __init__(self, browser, origin, name, owner, rng):
        self.name, self._rng, self._address = name, rng, f"{origin}/visits/hand/"
        self._context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN")
        self._context.set_default_timeout(60_000)
        self.diary, self.complaints, self.told, self.token, self.queue, self._said = [], [], Counter(), "", 0, 0
        self._page = self._open(0)
        page = self._page
        page.get_by_role("link", name="请先登录").click()
        page.fill("input[name=login]", owner.username)
        page.fill("input[name=password]", PASSWORD)
        page.get_by_role("button", name=re.compile("登录")).click()
        page.get_by_label("这台设备叫什么").fill(name)
        page.get_by_role("button", name="登记这台设备").click()
        page.get_by_role("link", name="选一幢楼").wait_for()
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.locator(".hand-list li").first.wait_for()
        self.token = page.evaluate(HELD)["token"]

    def _open(self, off):
        page = self._context.new_page()
        page.add_init_script(CLOCK.replace("OFF", str(off)))
        page.on("pageerror", lambda error: self.complaints.append(f"{self.name}: {error}"))
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(self._address)
        page.locator("#waiting").wait_for(state="attached")
        return page

    def cut(self, off):
        """The network is cut, or restored."""
        self._context.set_offline(off)
        self.told["network cut" if off else "network restored"] += 1

    def reopen(self):
        """The page is closed and opened again, and the clock is another then."""
        self._page.close()
        self._page = self._open(self._rng.choice([-2, -1, 0, 0, 1, 2]) * DAY)
        self.told["closed and opened, another clock"] += 1

    def write(self):
        """Go to a visit and write something there."""
        page, rng = self._page, self._rng
        page.evaluate("location.hash = '#/'")
        page.locator("main h1 span").wait_for()
        keys = page.evaluate("[...document.querySelectorAll('a[href^=\"#/visit/\"]')].map((one) => one.hash)")
        if not keys:
            return
        key = rng.choice(keys)
        page.evaluate(f"location.hash = '{key}'")
        page.locator("#f-summary, main .hand-note").first.wait_for()
        visit = key.removeprefix("#/visit/")
        kind = rng.choices(["set", "finish", "clue", "settle"], [6, 3, 2, 3])[0]
        {"set": self._set, "finish": self._finish, "clue": self._clue, "settle": self._settle}[kind](visit)

    def _set(self, visit):
        names = self._rng.sample(["met", "summary", "next_step"], self._rng.choice([1, 1, 2]))
        seen = self._page.evaluate(SCREEN, {**{name: self._words() for name in names}, "else": self._words()})
        if seen:
            self._press("存下", "form[data-old]")
            self._note("set", visit, seen["changes"], seen["shown"])

    def _finish(self, visit):
        seen = self._page.evaluate(SCREEN, {"summary": self._words(), "else": ""})
        if seen:
            self._press("完成走访" if seen["finish"] else "存下", "form[data-old]")
            self._note("set", visit, seen["changes"], seen["shown"])
            if seen["finish"]:
                self._note("finish", visit)

    def _clue(self, visit):
        page = self._page
        if not page.evaluate("""() => { const one = [...document.querySelectorAll("button")].find((each) => each.textContent === "风险线索");
            one?.click(); return Boolean(one); }"""):
            return
        text = f"线索{self._words()}"
        page.get_by_label("看到或听到什么").fill(text)
        page.evaluate("document.querySelector('#f-clue_text').form.dataset.old = ''")
        self._press("登记", "form[data-old]", twice=self._rng.random() < 0.5)
        self._note("finding", visit, text=text)

    def _settle(self, visit):
        text = f"确认{self._words()}"
        seen = self._page.evaluate(CLASH, text)
        if seen:
            self._press("确认", ".card[data-old]", within=".card[data-old]")
            self._note("settle", visit, {seen["name"]: text}, {seen["name"]: seen["shown"]})

    def _press(self, name, old, *, within="main", twice=False):
        """Press a button, or press it twice as people do, and wait until the page is drawn anew."""
        button = self._page.locator(within).get_by_role("button", name=name, exact=True).first
        button.dblclick() if twice else button.click()
        self._page.locator(old).wait_for(state="detached")

    def _note(self, kind, visit, fields=None, shown=None, text=""):
        from linqi.visits.tests.oracle import Written

        self.diary.append(Written(self.name, visit, kind, fields or {}, shown or {}, text=text))

    def _words(self):
        self._said += 1
        return f"{self._rng.choice(['设备进场', '想找厂房', '招人难', '电费高'])}{self._said}-{self.name}"

    def settle_down(self):
        """The network is good: until nothing waits and the latest is here."""
        self._context.set_offline(False)
        page = self._page
        page.evaluate("location.hash = '#/'")
        for _again in range(120):
            with page.expect_response("**/exchange/", timeout=60_000):
                page.get_by_role("button", name="立即同步").click()
            page.wait_for_timeout(300)
            if page.locator("#waiting").inner_text() == "已全部送出":
                return

    def holds(self, line):
        """What the device holds, and what a fresh copy of it would."""
        kept = self._page.evaluate(HELD)
        self.queue = kept["queue"]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        fresh = line.exchange(kept["token"], json.dumps({"now": now, "boot": "", "steady": 0, "operations": []}))
        return {one["id"]: one for one in kept["sheets"]}, {one["id"]: one for one in fresh["sheets"]}


class Proxy:
    """Between the browsers and the server: what devices exchange is dropped, doubled, or brought late, as often as `bad` says."""

    def __init__(self, port, rng):
        self.port, self.bad, self.told, self.sent, self.answered = port, 0.0, Counter(), {}, {}
        self._rng, self._late, self._guard = random.Random(rng.random()), [], threading.Lock()
        proxy = self

        class Relay(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                proxy.relay(self)

            do_POST = do_GET  # noqa: N815 – the name that the standard library calls

            def log_message(self, *_said):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Relay)
        self._server.daemon_threads = True

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_how):
        self._server.shutdown()
        self._server.server_close()

    def relay(self, asked):
        """One request of a browser."""
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        request = (asked.command, asked.path, body, dict(asked.headers))
        exchange = asked.path.endswith("/exchange/")
        luck = "" if not exchange else self._lot(request)
        try:
            if luck in {"dropped", "delayed"}:
                raise ConnectionError
            if luck == "doubled":
                self._pass_on(request)
            status, headers, answer = self._pass_on(request)
            if luck == "answer dropped":
                raise ConnectionError
        except (OSError, http.client.HTTPException):
            asked.close_connection = True
            asked.connection.close()
            return
        with suppress(OSError):  # the page was closed meanwhile
            self._answer(asked, status, headers, answer)

    def _answer(self, asked, status, headers, answer):
        asked.send_response_only(status)
        for name, value in headers:
            if name.lower() not in {"connection", "transfer-encoding", "content-length"}:
                asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(answer)))
        asked.end_headers()
        asked.wfile.write(answer)

    def _lot(self, request):
        """What happens to an exchange; something kept earlier may be brought first."""
        self._remember(request)
        with self._guard:
            late = (
                self._late.pop(self._rng.randrange(len(self._late)))
                if self._late and self._rng.random() < 0.5
                else None
            )
            luck = self._rng.random()
            kinds = {"dropped": 0.25, "delayed": 0.45, "doubled": 0.65, "answer dropped": 1.0}
            found = next((kind for kind, upto in kinds.items() if luck < self.bad * upto), "")
            if found == "delayed":
                self._late.append(request)
            self.told.update([found] if found else [])
        if late:
            self.told["out of order"] += 1
            with suppress(OSError, http.client.HTTPException):  # the server died over it
                self._pass_on(late)
        return found

    def _remember(self, request):
        token = request[3].get("Authorization", "").removeprefix("Device ")
        for one in json.loads(request[2])["operations"]:
            known = self.sent.setdefault(token, {}).setdefault(one["seq"], one["id"])
            assert known == one["id"], "two operations under one number"

    def _pass_on(self, request):
        command, path, body, headers = request
        line = http.client.HTTPConnection("127.0.0.1", self.port + 1, timeout=40)
        try:
            line.request(command, path, body or None, headers)
            answer = line.getresponse()
            text = answer.read()
        finally:
            line.close()
        if path.endswith("/exchange/") and answer.status == 200:
            self.answered.update((one["id"], one) for one in json.loads(text)["outcomes"])
        return answer.status, answer.getheaders(), text


if __name__ == "__main__":
    raise SystemExit(main())
