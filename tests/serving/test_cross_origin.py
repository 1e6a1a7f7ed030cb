"""Web pages of other sites, let in by BentoML's own setting and by nothing else."""

from __future__ import annotations

import httpx
import pytest
from crowning import crown
from served import served

from sentiment.champions import store
from sentiment.serving.cross_origin import CrossOrigin

PAGE, EVIL = "https://page.example", "https://evil.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


@pytest.mark.parametrize("place", ["api_server", "services.sentiment"])
def test_the_setting_of_bentoml_lets_a_site_in_and_no_other(home, served_model, place):
    crown(store.save(served_model, metadata={}))
    cors = f"{place}.http.cors"
    options = f"{cors}.enabled=true {cors}.access_control_allow_origins={PAGE}"
    with served(home / "serve.log", workers=1, BENTOML_CONFIG_OPTIONS=options) as (address, _):
        preflights = [
            httpx.options(f"{address}/predict", headers={"Origin": o, **PREFLIGHT}) for o in (PAGE, EVIL)
        ]
        from_a_page = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
        answers = [
            httpx.post(
                f"{address}/predict", json={"text": "I love it"}, headers={"Origin": origin, **from_a_page}
            )
            for origin in (PAGE, EVIL)
        ]

    allowed = [answer.headers.get("access-control-allow-origin") for answer in (*preflights, *answers)]
    assert allowed == [PAGE, None, PAGE, None]
    assert [answer.status_code for answer in (*preflights, *answers)] == [200, 400, 200, 403]


@pytest.mark.parametrize(
    ("options", "methods"),
    [
        ({"allow_origins": PAGE}, "GET, POST"),
        ({"allow_origins": [PAGE], "allow_methods": "POST"}, "POST"),
        ({"allow_origin_regex": r"https://[a-z]+\.example, or not"}, None),
        ({"allow_origin_regex": r"https://p[a-z]+\.example"}, "GET, POST"),
    ],
)
def test_one_value_stands_for_a_list_of_one(options, methods):
    answer = CrossOrigin(print, options).preflight_response(httpx_headers())
    allowed = answer.headers.get("access-control-allow-methods")
    assert (allowed if answer.status_code == 200 else None) == methods


def httpx_headers():
    """The headers of a preflight as the application gets them."""
    from starlette.datastructures import Headers

    return Headers({"Origin": PAGE, **PREFLIGHT})
