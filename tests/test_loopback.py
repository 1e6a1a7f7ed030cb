import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from sentiment.loopback import LoopbackGuard, is_loopback

LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


def guarded(base="http://127.0.0.1:7860", **options):
    """A client of a small server behind the guard."""

    async def talk(websocket):
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    routes = [
        Route("/", lambda _: PlainTextResponse("ok"), methods=["GET", "POST"]),
        WebSocketRoute("/talk", talk),
    ]
    return TestClient(LoopbackGuard(Starlette(routes=routes), **options), base_url=base)


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        *((name, True) for name in ("127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "::1", "[::1]")),
        *((name, False) for name in ("0.0.0.0", "", "10.0.0.1", "127.0.0.1.evil.example", "localhost.evil")),
    ],
)
def test_loopback_is_told_by_name_and_by_address(host, is_local):
    assert is_loopback(host) is is_local


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:7860"},
        {"Host": "[x"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        LINK,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_of_other_sites_are_refused(method, headers):
    answer = guarded().request(method, "/", headers=headers)

    assert answer.status_code == 403
    assert answer.json() == {"error": "this server answers this machine only: open it as http://127.0.0.1"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "localhost:7860"},
        {"Host": "[::1]:7860"},
        {"Origin": "http://127.0.0.1:5000"},
        *({"Sec-Fetch-Site": site} for site in ("same-origin", "same-site", "none")),
    ],
)
def test_this_machine_is_served_by_each_of_its_names(headers):
    assert guarded().post("/", headers=headers).text == "ok"


def test_a_link_elsewhere_opens_a_page_only_where_that_is_allowed_and_only_in_a_tab():
    client = guarded(allows_links=True)

    assert client.get("/", headers=LINK).text == "ok"
    assert client.post("/", headers=LINK).status_code == 403
    for change in (
        {"Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Host": "evil.example"},
    ):
        assert client.get("/", headers={**LINK, **change}).status_code == 403


def test_web_sockets_are_guarded_too():
    client = guarded()

    with client.websocket_connect("/talk", headers={"Host": "127.0.0.1"}) as socket:
        assert socket.receive_text() == "hello"
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/talk", headers={"Host": "evil"}):
        pass


def test_a_server_beyond_loopback_answers_to_any_name():
    answer = guarded(host="0.0.0.0").get("/", headers={"Host": "sentiment.example", **LINK})

    assert answer.text == "ok"
