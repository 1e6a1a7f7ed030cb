"""The demo page in a real browser, over the real service with a small model.

The service and the page are processes of their own.
"""

from __future__ import annotations

import json
import re
import shutil

import pytest
from browser_fixtures import browsing, until_there
from crowning import home_with_champion
from page_server import PYTHON, serving_page, sharp, started, take_picture
from playwright.sync_api import expect
from ports import free_port

from models import FAMILIES
from sentiment.config import read_settings
from sentiment.evaluation.behaviour_report import describe_suite, metric_of
from sentiment.evaluation.behaviour_suite import capabilities

TWEET = "I love this, thank you so much 😍"


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory, served_model):
    """A home with a champion in its store."""
    with home_with_champion(tmp_path_factory.mktemp("browser") / "home", served_model):
        yield read_settings().home


@pytest.fixture(scope="module")
def page_address(shared_home):
    """The page over the real service; both start at the same time."""
    port = free_port()
    service = f"http://127.0.0.1:{port}"
    command = [
        PYTHON,
        "-m",
        "bentoml",
        "serve",
        "service:SentimentService",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with (
        started(command, shared_home / "service.log") as wait_for_service,
        serving_page(shared_home, service) as (wait_for_page, address),
    ):
        wait_for_page(address)
        wait_for_service(f"{service}/readyz")
        yield address


@pytest.fixture(scope="module")
def lasting_page(chromium, page_address):
    """One page for the tests that predict a text first, whatever was there before."""
    with browsing(chromium) as open_address:
        yield until_there(open_address(page_address))


def predict(page, text):
    page.locator("#tweet textarea").fill(text)
    expect(page.locator("#answer .card")).to_have_count(0)
    page.locator("#tweet textarea").press("Enter")
    expect(page.locator("#answer .card")).to_be_visible()


def inbox(home):
    """Every feedback in the inbox, as it was stored."""
    files = [path for path in (home / "feedback").rglob("*") if path.is_file()]
    return [json.loads(path.read_text("utf-8")) for path in files if path.suffix == ".json"]


def test_a_prediction_and_its_correction_reach_the_inbox(visit, page_address, shared_home):
    page = visit(page_address)
    expect(page.locator("#status")).to_contain_text("Service ready")
    expect(page.locator("#feedback")).to_be_hidden()
    take_picture(page, "page-start")

    predict(page, TWEET)
    expect(page.locator("#answer .verdict")).to_contain_text("Positive")
    expect(page.locator("#answer .bars li")).to_have_count(3)
    expect(page.locator("#answer")).to_contain_text("tweet-sentiment:")
    take_picture(page, "page")

    page.locator("#comment textarea").fill("it is about a refund")
    page.get_by_role("button", name="Wrong").click()
    expect(page.locator("#label-positive")).to_be_hidden()
    expect(page.locator("#label-neutral")).to_be_focused()
    page.get_by_role("button", name="Neutral").click()
    expect(page.locator("#thanks")).to_contain_text("your feedback is recorded")
    expect(page.locator("#feedback")).to_be_hidden()
    take_picture(page, "page-thanks")

    [stored] = [feedback for feedback in inbox(shared_home) if feedback["comment"] == "it is about a refund"]
    assert (stored["text"], stored["predicted_label"], stored["label"]) == (TWEET, "positive", "neutral")
    assert stored["feedback_id"] in page.locator("#thanks").inner_text()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_words_that_spoke_for_the_label_are_marked(visit, page_address, scheme, width):
    page = visit(page_address, viewport={"width": width, "height": 844}, color_scheme=scheme)
    predict(page, "Worst crew and rude, but I love this, thank you so much 😍")
    love = page.locator("#answer blockquote mark", has_text="love")
    expect(love).to_have_class("for")
    expect(page.locator("#answer blockquote mark.against").first).to_be_visible()
    assert "underline" in love.evaluate("mark => getComputedStyle(mark).textDecorationLine")
    assert love.evaluate("mark => getComputedStyle(mark).backgroundColor") not in (
        "rgba(0, 0, 0, 0)",
        "rgb(255, 255, 0)",
    )
    expect(page.locator("#answer .weights")).to_contain_text("speaks for “Positive”")
    take_picture(page, f"page-words-{scheme}")


def test_a_text_from_right_to_left_stays_so(lasting_page):
    page = lasting_page
    predict(page, "شكرا love هذه رحلة رائعة")
    assert page.locator("#answer blockquote").evaluate("quote => getComputedStyle(quote).direction") == "rtl"
    expect(page.locator("#answer blockquote")).to_have_text("شكرا love هذه رحلة رائعة")
    take_picture(page, "page-words-rtl")


def test_an_edited_text_takes_its_old_answer_and_feedback_away(lasting_page):
    page = lasting_page
    predict(page, TWEET)
    expect(page.locator("#feedback")).to_be_visible()
    page.locator("#tweet textarea").fill("something else")
    expect(page.locator("#feedback")).to_be_hidden()
    expect(page.locator("#answer .card")).to_have_count(0)


def test_a_picked_example_is_predicted_at_once(lasting_page):
    page = lasting_page
    page.get_by_role("button", name="The keynote starts").click()
    expect(page.locator("#answer blockquote")).to_have_text("The keynote starts at 9 am in hall 4")
    expect(page.locator("#tweet textarea")).to_have_value("The keynote starts at 9 am in hall 4")
    page.get_by_role("button", name="Right").click()
    expect(page.locator("#thanks")).to_contain_text("Feedback id")


def test_the_services_refusal_is_shown_and_the_text_stays(lasting_page):
    page = lasting_page
    predict(page, "x" * 1001)
    expect(page.locator("#answer [role=alert]")).to_contain_text("1001")
    expect(page.locator("#tweet textarea")).to_have_value("x" * 1001)
    expect(page.locator("#feedback")).to_be_hidden()


def test_a_french_browser_sees_french(visit, page_address):
    page = visit(page_address, locale="fr-FR")
    expect(page.get_by_role("tab")).to_have_text(
        ["Essayer", "Noter un fichier", "Modèles", "Supervision", "Relecture"]
    )
    expect(page.locator("#status")).to_contain_text("Service prêt")
    predict(page, TWEET)
    expect(page.locator("#answer .verdict")).to_contain_text("Positif")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.get_by_role("button", name="Faux").click()
    take_picture(page, "page-fr")
    page.get_by_role("button", name="Négatif").click()
    expect(page.locator("#thanks")).to_contain_text("Merci")
    for english in ("Predict", "Positive", "Comment (", "Or pick one"):
        assert english not in page.locator("body").inner_text()


def test_the_models_tab_follows_the_last_training(lasting_page, shared_home):
    page = lasting_page
    page.get_by_role("tab", name="Models").click()
    expect(page.locator("#comparison")).to_contain_text("make train")
    folder = shared_home / "comparison"
    folder.mkdir()
    models = [
        {
            "family": "tfidf",
            "run_id": "1",
            "ease": "easy",
            "metrics": {"val_f1_macro": 0.6125},
            "hyperparameters": {},
        }
    ]
    content = {
        "created_at": "2026-11-23",
        "profile": "quick",
        "dataset": {"name": "tweets", "counts": {}},
        "winner": "tfidf",
        "models": models,
    }
    (folder / "comparison.json").write_text(json.dumps(content), "utf-8")
    page.get_by_role("tab", name="Try it").click()
    page.get_by_role("tab", name="Models").click()
    expect(page.locator("#comparison .winner")).to_contain_text("tfidf")
    expect(page.locator("#comparison td.best")).to_have_text("0.613")
    shutil.rmtree(folder)


def test_three_models_and_what_the_suite_found_of_them_fit_a_phone(visit, page_address, shared_home):
    rates = {metric_of(name): 0.875 for name in capabilities()} | {
        "val_f1_macro": 0.7012,
        "test_coverage_at_90": 0.5021,
        "train_seconds": 812.0,
    }
    models = [
        {"family": family, "run_id": "1", "ease": "easy", "metrics": rates, "hyperparameters": {}}
        for family in FAMILIES
    ]
    facts = {
        "created_at": "2026-11-23",
        "profile": "quick",
        "dataset": {"name": "tweets", "counts": {}},
        "winner": "bert",
    }
    folder = shared_home / "comparison"
    folder.mkdir()
    (folder / "comparison.json").write_text(
        json.dumps({**facts, "models": models, "behaviour": describe_suite()}), "utf-8"
    )
    page = visit(page_address, viewport={"width": 390, "height": 844}, locale="fr-FR", **sharp())
    page.get_by_role("tab", name="Modèles").click()

    expect(page.get_by_role("row", name=re.compile("mentions et liens"))).to_contain_text("88\u00a0%")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    take_picture(page, "page-models-phone")
    shutil.rmtree(folder)


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_a_phone_needs_no_sideways_scrolling(visit, page_address, scheme):
    page = visit(page_address, viewport={"width": 390, "height": 844}, color_scheme=scheme, **sharp())
    predict(page, "W" * 300 + " " + TWEET)
    expect(page.locator("#feedback")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    take_picture(page, f"page-phone-{scheme}")


def test_a_service_that_is_down_is_said_so_and_the_text_stays(visit, shared_home):
    dead = f"http://127.0.0.1:{free_port()}"
    with serving_page(shared_home, dead) as (wait_for, address):
        wait_for(address)
        page = visit(address)
        expect(page.locator("#status")).to_contain_text("Service unreachable")
        predict(page, TWEET)
        expect(page.locator("#answer [role=alert]")).to_contain_text(
            f"The service at {dead} cannot be reached"
        )
        expect(page.locator("#tweet textarea")).to_have_value(TWEET)
        expect(page.locator("#feedback")).to_be_hidden()
        take_picture(page, "page-down")
        page.close()  # before its server goes
