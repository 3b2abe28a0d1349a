"""Pages made on the server: what a reader finds on them, what they refuse, what they let a browser load."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from detente.console import WrongError
from detente.lab.store import RunError
from detente.room import api, serve
from detente.room.app import create
from detente.room.guard import LARGEST
from detente.room.pages import after, ask, explore, lab, ledger, links, shell
from detente.room.pages.site import Site, closed, loopback
from detente.room.store import Pass
from detente.scenario import DRAWN, load


class Held:
    """A room in which every token is that of one seat, while an exercise runs that closes Explore and Ask."""

    who = Pass("one", "seat", "usa")

    def enter(self, token: str) -> Pass:
        return self.who

    def secluded(self) -> bool:
        return True


@pytest.mark.parametrize(("cookie", "role"), [("detente-operator", "operator"), ("detente-desk-one", "desk")])
def test_a_seat_s_link_under_another_cookie_s_name_opens_nothing(tmp_path: Path, cookie: str, role: str) -> None:
    room: Any = Held()
    site = Site("coexistence", load("coexistence"), tmp_path, loopback=False, room=room)
    headers = [(b"cookie", f"{cookie}=token; {api.cookie(room.who)}=token".encode())]
    request = Request({"type": "http", "headers": headers, "detente": site})
    assert links.holder(request, "seat", "one", "usa") == room.who
    assert links.holder(request, role, "" if role == "operator" else "one") is None
    assert not site.operator(request)
    assert not asyncio.run(site.may_work(request))
    assert asyncio.run(closed(request))


WORDS = Path(shell.__file__).parent / "words"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    app = create(data=tmp_path_factory.mktemp("room"), play=False)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as found:
        yield found


@pytest.fixture(scope="module")
def site(client: TestClient) -> Site:
    found: Site = client.app.state.site  # type: ignore[attr-defined]
    return found


def leaves(table: dict, path: str = "") -> Iterator[tuple[str, dict]]:
    for key, value in table.items():
        if isinstance(value, dict) and set(value) == {"en", "ru"}:
            yield f"{path}.{key}", value
        elif isinstance(value, dict):
            yield from leaves(value, f"{path}.{key}")
        else:
            yield f"{path}.{key}", {"en": value}


# ---- both languages ----
@pytest.mark.parametrize("file", sorted(p.stem for p in WORDS.glob("*.toml")))
def test_every_text_is_there_in_both_languages_with_the_same_gaps(file):
    gaps = re.compile(r"\{(\w+)\}")
    for name, pair in leaves(shell.texts(file)):
        assert set(pair) == {"en", "ru"}, name
        assert set(gaps.findall(pair["en"])) == set(gaps.findall(pair["ru"])), name


def test_the_browser_chooses_the_language_and_the_switch_overrules_it(client):
    assert 'lang="ru"' in client.get("/explore", headers={"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.5"}).text
    assert '<html lang="en"' in client.get("/explore", headers={"Accept-Language": "de, en;q=0.5"}).text
    switched = client.get("/lang/ru?to=/explore?year=1958", follow_redirects=False)
    assert switched.headers["location"] == "/explore?year=1958"
    assert '<html lang="ru"' in client.get("/explore").text
    client.cookies.clear()


@pytest.mark.parametrize("away", ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example"])
def test_the_switch_leads_to_no_other_site(client, away):
    assert client.get("/lang/en", params={"to": away}, follow_redirects=False).headers["location"] == "/"
    client.cookies.clear()


# ---- explore ----
def test_a_filter_keeps_what_it_names_and_nothing_else(site):
    every = explore.chronicle(site.scenario)
    for wanted in (
        explore.Wanted(actor="gdr"),
        explore.Wanted(issue="west-berlin", year="1961"),
        explore.Wanted(instrument="nature:unrest"),
        explore.Wanted(q="berlin wall"),
    ):
        kept = [e for e in every if wanted.keeps(e)]
        assert 0 < len(kept) < len(every)
    year = [e for e in every if explore.Wanted(year="1961").keeps(e)]
    assert {e.date.year for e in year} == {1961}
    assert [e for e in year if e not in every] == []


def test_every_entry_has_a_page_with_its_works_and_its_disagreement(client, site):
    told = next(e for e in site.scenario.chronicle if e.disagreement)
    page = client.get(f"/explore/event/{told.id}", headers={"Accept-Language": "en"}).text
    assert shell.text("en", "explore.event.disagreement") in page
    assert site.scenario.sources[told.sources[-1].split(" ")[0]].title.split(":")[0] in page.replace("&#39;", "'")
    assert client.get("/explore/event/no-such-entry").status_code == 404


def test_what_is_searched_for_is_shown_as_text(client):
    page = client.get("/explore", params={"q": "<script>alert(1)</script>"}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_all_that_nature_draws_has_a_name():
    for kind in DRAWN:
        assert all(shell.text(lang, f"explore.nature.{kind}") for lang in ("en", "ru"))


# ---- claims ----
def test_every_claim_rival_and_unrunnable_sentence_has_a_page(client, site):
    book = ledger.entries(site)
    names = [next(iter(part)) for part in book]
    assert all(client.get(f"/explore/claims/{name}").status_code == 200 for name in names)
    whole = client.get("/explore/claims").text
    assert all(f"/explore/claims/{name}" in whole for part in book for name in part)


def test_a_claim_asks_its_own_question_of_the_builder(client, site):
    book = ledger.entries(site)
    for claim in list(book.claims.values())[:10]:
        page = client.get(f"/explore/claims/{claim.id}").text
        link = re.search(r'href="(/ask\?[^"]+)"', page)
        assert link
        question = ask.question_of(parse_qsl(urlsplit(link[1].replace("&amp;", "&")).query))
        assert question.written() == {k: list(v) for k, v in claim.arms.items()}
        assert ask.faults(site, question) == ""


def test_kept_results_say_which_model_made_them(client, site):
    found = ledger.kept(site)
    assert found is not None
    page = client.get("/explore/claims", headers={"Accept-Language": "en"}).text
    assert found.stamp in page
    assert (shell.text("en", "ledger.stale") in page) == (found.stamp != site.stamp)


# ---- the crisis lab ----
DILEMMA = 'NFG 1 R "Dilemma" { "Row" "Column" } { { "stay" "tell" } { "stay" "tell" } } ""\n\n2 2 3 0 0 3 1 1\n'


def test_a_wrong_game_is_refused_with_a_sentence_and_kept_in_the_form(client):
    answer = client.post("/explore/lab/game", data={"text": "no game"})
    assert answer.status_code == 422
    assert "no game</textarea>" in answer.text
    assert client.post("/explore/lab/game", data={"text": "", "precision": ""}).status_code == 422
    assert client.post("/explore/lab/game", data={"text": DILEMMA, "precision": "-1"}).status_code == 422
    large = {"file": ("large.efg", b"x" * (lab.LARGEST * 1024 + 10))}
    assert client.post("/explore/lab/game", files=large).status_code == 413


def test_payoffs_of_a_form_replace_those_of_the_game():
    game = lab.tree(DILEMMA)
    ends = lab.revalued(game, {"p0-0": "7,5"}, "en")
    assert ends[0].payoffs == (7.5, game.outcomes[0].payoffs[1])
    assert list(ends[1:]) == list(game.outcomes[1:])


def test_endings_called_alike_are_raised_together():
    game = lab.tree(DILEMMA)
    raised = lab.revalued(game, {"s0-1": "2"}, "en")
    same = [k for k, end in enumerate(game.outcomes) if end.label == game.outcomes[0].label]
    assert all(raised[k].payoffs[1] == game.outcomes[k].payoffs[1] + 2 for k in same)
    assert all(raised[k].payoffs[0] == game.outcomes[k].payoffs[0] for k in range(len(raised)))


def until(client: TestClient, path: str, seconds: float = 60) -> str:
    """The page of something that is worked out, once it is there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = client.get(path, headers={"X-Part": "1"})
        if answer.status_code == 200:
            return client.get(path).text
        assert answer.status_code == 202
        time.sleep(0.2)
    pytest.fail(f"{path} did not come")


def test_a_game_that_is_brought_is_solved_changed_and_taken_along(client):
    brought = client.post("/explore/lab/game", data={"text": DILEMMA, "precision": "2"}, follow_redirects=False)
    address = brought.headers["location"]
    page = until(client, address)
    assert 'id="slider"' in page
    again = client.post("/explore/lab/game", data={"text": DILEMMA, "precision": "2"}, follow_redirects=False)
    assert again.headers["location"] == address  # the same question, the same address
    policy = client.get(address).headers["content-security-policy"]
    assert "script-src 'self' 'sha256-" in policy
    assert "unsafe-eval" not in policy

    file = client.get(f"{address}.efg")
    assert lab.tree(file.text).payoffs.tolist() == lab.tree(DILEMMA).payoffs.tolist()
    changed = client.post(f"{address}/payoffs", data={"p0-0": "9", "precision": "2"}, follow_redirects=False)
    other = changed.headers["location"]
    assert other != address
    until(client, other)
    assert lab.tree(client.get(f"{other}.efg").text).payoffs.max() == 9
    assert client.post(f"{address}/payoffs", data={"p0-0": "nothing"}).status_code == 422


def test_a_job_that_waits_or_works_can_be_stopped_and_a_wrong_one_says_why(client, site):
    key = "stopped"
    with pytest.raises(KeyError):
        site.work.ask("no such kind", key, {})

    async def begun() -> list[Any]:
        return [site.work.ask("solve", f"{key}{k}", {"game": DILEMMA, "precision": -1.0}) for k in range(2)]

    first, second = client.portal.call(begun)  # type: ignore[union-attr]
    client.portal.call(site.work.stop, second)  # type: ignore[union-attr]
    assert second.state == "stopped"
    end = time.monotonic() + 30
    while not first.over and time.monotonic() < end:
        time.sleep(0.1)
    assert first.state == "failed"
    assert first.wrong
    assert not site.work.place("solve", first.key).exists()


# ---- ask ----
def test_a_question_has_one_address_whatever_the_order_of_its_parts():
    one = ask.question_of([("without", "a"), ("off", "b"), ("without", "c")])
    other = ask.question_of([("off", "b"), ("without", "c"), ("without", "a"), ("without", "a")])
    assert one.key("s") == other.key("s")
    assert one.key("s") != ask.question_of([("without", "a")]).key("s")
    assert one.key("s") != one.model_copy(update={"seed": 2}).key("s")


def test_what_the_small_forms_add_is_what_the_command_line_takes(site):
    forms = [
        {"add": "without", "event": "u2-shootdown"},
        {"add": "forbid", "event": "berlin-wall", "from": "1961-01", "until": "1962-12"},
        {"add": "with", "month": "1960-06", "row": ask.rows_of(site, "ussr", "en")[0][1][0][0]},
        {"add": "move", "event": "u2-shootdown", "to": "1960-08"},
        {"add": "off", "law": "influence.altfeld1984", "since": "1958-01"},
        {"add": "event", "event": "berlin-wall", "kind": "date"},
        {"add": "series", "series": "tension.usa.ussr", "kind": "max", "from": "1961-01", "until": "1962-12"},
        {"add": "outcome", "crisis": "cuba-1962"},
        {"add": "seat", "seat": "usa", "kind": "tenure"},
    ]
    question = ask.question_of([pair for form in forms for pair in ask.composed(form)])
    assert len(question.pairs()) == len(forms)
    assert ask.faults(site, question) == ""


def test_a_wrong_question_is_told_what_is_wrong_and_nothing_is_begun(client, site):
    page = client.get("/ask?without=u2-shotdown")
    assert page.status_code == 422
    assert "u2-shootdown" in page.text  # the nearest right one
    answer = client.post("/ask", data={"question": '{"without": ["u2-shotdown"]}'})
    assert answer.status_code == 422
    assert not [job for job in site.work.jobs.values() if job.kind == "whatif"]
    assert client.post("/ask", data={"question": "{"}).status_code == 422
    assert client.get("/ask/0123456789abcdef0123").status_code == 404


def test_every_row_of_every_menu_can_be_added(site):
    from detente.lab import interventions

    for seat in site.deciders:
        for _, rows in ask.rows_of(site, seat, "en"):
            for value, _ in rows[:2]:
                try:
                    found = interventions.read(site.st, with_=f"1960-06:{value}")
                except RunError as error:
                    pytest.fail(f"{value}: {error}")
                assert found[0].cells


# ---- what the room refuses ----
def test_a_foreign_origin_is_refused_and_our_own_forms_are_not(client):
    post = {"url": "/enter", "data": {"token": "x"}}
    assert client.post(**post, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert client.post(**post, headers={"Origin": "null", "Sec-Fetch-Site": "cross-site"}).status_code == 403
    for own in ({"Origin": "http://localhost"}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}, {}):
        assert client.post(**post, headers=own).status_code == 503  # no seats in this room


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_a_socket_of_a_foreign_page_is_closed(client, origin):
    path = "/live/_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect(path, headers={"Origin": origin}):
        pass
    assert closed.value.code == 1008
    polled = client.get("/live/_nicegui_ws/socket.io/?EIO=4&transport=polling", headers={"Origin": origin})
    assert polled.status_code == 403


def test_a_foreign_name_is_refused(client):
    assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 421
    assert client.get("/", headers={"Host": "localhost:8080"}).status_code == 200


def test_a_body_beyond_measure_is_refused(client):
    assert client.post("/ask", content=b"x" * (LARGEST + 1)).status_code == 413


def test_every_page_says_what_a_browser_may_load(client):
    for path in ("/", "/explore", "/explore/claims", "/explore/lab", "/ask", "/seats", "/enter", "/no-such-page"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy, path
        assert "default-src 'none'" in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        for source in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
            assert not source.startswith(("http:", "https:", "//")), source
        assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=| style=", answer.text), path


def test_a_report_may_run_its_own_scripts_and_no_other():
    html = "<head><style>a{}</style></head><script>one()</script><script type='application/json'>{}</script>"
    policy = shell.policy(html)
    assert policy.count("'sha256-") == 3
    script = policy.split("script-src ")[1].split(";")[0]
    assert "unsafe" not in script
    assert shell.policy(html.replace("one()", "two()")) != policy


def test_a_qr_code_fills_the_place_that_it_is_given():
    from detente.room.pages import links

    drawn = str(links.code("http://localhost/enter#token"))
    assert "viewBox" in drawn
    assert "width=" not in drawn.partition(">")[0]
    assert links.token_in("http://localhost/enter#token") == "token"
    assert links.token_in(" token ") == "token"


# ---- the debrief ----
def test_what_mattered_is_told_as_far_as_it_is_found(site):
    effect = {"exercise": 0.4, "without": 0.3, "effect": 0.1, "low": 0.05, "high": 0.15, "twins": 200, "parted": 0.5}
    point = {"seat": "usa", "month": "1962-10", "kind": "rows", "what": "<b>blockade</b>"}
    spread = {"low": 0.1, "median": 0.2, "high": 0.3, "worlds": 64}
    aim = {"end": "peace", "text": "Peace", "weight": 0.2, "met": 0.5, "autopilot": spread}
    unusual = {"measure": "war", "value": 0.0, "below": 0.5, "low": 0.0, "median": 0.0, "high": 1.0}
    result = {
        "points": [{**point, "effects": [{"measure": "tension.usa.ussr", **effect}, {"measure": "war", **effect}]}],
        "aims": [{"seat": "usa", "aims": [aim]}],
        "unusual": [unusual],
    }
    for lang in ("en", "ru"):
        running = {"state": "running", "done": 2, "total": 9, "result": result, "error": ""}
        html, going = after.found(site, running, lang)
        assert going
        assert "<progress" in html
        assert "&lt;b&gt;blockade" in html
        assert site.scenario.series["tension.usa.ussr"].name[lang] in html
        for state in ("waiting", "stopped", "failed", "done"):
            html, going = after.found(site, {**running, "state": state, "error": "why"}, lang)
            assert going == (state == "waiting")
            assert ("why" in html) == (state == "failed")
        assert after.found(site, None, lang)[0]


def test_a_picture_of_belief_holds_band_belief_and_truth():
    months = [
        {"month": f"1962-{m}", "low": 10, "belief": 50, "high": 90, "truth": 30 * k} for k, m in enumerate((10, 11))
    ]
    drawn = after.belief_svg(months, "<title>")
    assert drawn.count("<path") == 3
    assert "&lt;title&gt;" in drawn
    after.belief_svg([{**months[0], "low": 0, "belief": 0, "high": 0, "truth": 0}], "nothing")


def test_a_worth_that_is_not_told_is_a_dash():
    assert shell.signed(None) == "–"
    assert shell.signed(-0.26) == "-0.3"
    assert shell.signed(1.234, 2) == "+1.23"


# ---- the verb ----
def test_what_cannot_be_opened_is_said_before_anything_is(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WrongError, match=f"--port {port}: it cannot be opened"):
            serve.checked("127.0.0.1", port, "", None, None)
    with pytest.raises(WrongError, match="http:// or https://"):
        serve.checked("127.0.0.1", 0, "example.org", None, None)
    with pytest.raises(WrongError, match="--claims"):
        serve.checked("127.0.0.1", 0, "", tmp_path / "none.json", None)
    with pytest.raises(WrongError, match="--tls"):
        serve.checked("127.0.0.1", 0, "", None, (tmp_path / "a", tmp_path / "b"))


def test_addresses_are_those_that_others_can_reach():
    assert list(serve.addresses("192.0.2.7")) == ["192.0.2.7"]
    assert all(name == "localhost" or not loopback(name) for name in serve.addresses("0.0.0.0"))
    assert [loopback(name) for name in ("127.0.0.1", "::1", "localhost", "192.0.2.7", "example.org")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert serve.bare("2001:db8::1") == "[2001:db8::1]"
