"""The tab "Review" in a real browser: judging, undo, two annotators, adjudication, access."""

import re
from contextlib import ExitStack

import pytest
from page_server import NOBODY, expect, serving_page, take_picture
from review_fixtures import NOW, report
from sqlalchemy import create_engine

from sentiment.review.queue import ReviewQueue
from sentiment.review.tables import METADATA


@pytest.fixture(scope="module")
def shared_page(tmp_path_factory):
    """A page for the tests of this file: its address, and the file of its queue."""
    folder = tmp_path_factory.mktemp("page")
    with serving_page(folder, NOBODY, SENTIMENT_HOME=str(folder)) as (wait_for, address):
        wait_for(address)
        yield address, folder / "review.db"


@pytest.fixture
def pages(home, shared_page):
    """A function that serves the page with a queue of reports.

    Tests name it before `visit`, so that no page outlives its server.
    """
    home.mkdir()
    address, file = shared_page
    (home / "review.db").symlink_to(file)
    with ExitStack() as servers:

        def start(reports, *, overlap=0, **settings):
            with ReviewQueue(f"sqlite:///{home / 'review.db'}", overlap=overlap) as queue:
                queue.add(reports)
            if not settings:
                return address
            wait_for, own_address = servers.enter_context(
                serving_page(home, NOBODY, SENTIMENT_HOME=str(home), **settings)
            )
            wait_for(own_address)
            return own_address

        yield start
        with create_engine(f"sqlite:///{file}").begin() as connection:
            for table in reversed(METADATA.sorted_tables):
                connection.execute(table.delete())


@pytest.fixture
def reviewing(pages, visit, home):
    """Functions that serve the page, that open its tab as an annotator, and that open the queue."""

    def come(address, annotator, key="", **options):
        page = visit(address, **options)
        page.get_by_role("tab", name=re.compile("Review|Relecture")).click()
        page.locator("#review-name textarea, #review-name input").fill(annotator)
        if key:
            page.locator("#review-key input").fill(key)
        page.locator("#review-begin").click()
        return page

    return pages, come, lambda: ReviewQueue(f"sqlite:///{home / 'review.db'}", overlap=0)


def card(page):
    return page.locator("#review-card .card.review")


def judged(open_queue):
    with open_queue() as queue:
        return {(row["annotator"], row["label"]) for row in queue.judgements()}


def test_a_tweet_is_judged_blind_by_keyboard_and_taken_back(reviewing):
    start, come, open_queue = reviewing
    page = come(start([report(number) for number in range(4)]), "Ann")

    expect(card(page)).to_be_visible()
    assert "neutral" not in card(page).inner_text().casefold()
    first = card(page).get_attribute("data-item")
    page.locator("#review-name textarea, #review-name input").blur()
    page.keyboard.press("r")
    expect(card(page).locator(".revealed")).to_contain_text("Neutral")
    expect(card(page).locator(".revealed")).to_contain_text("Negative")
    take_picture(page, "review")
    page.keyboard.press("1")
    expect(card(page)).not_to_have_attribute("data-item", first)
    assert judged(open_queue) == {("ann", "negative")}
    expect(page.locator(".review-progress")).to_contain_text("1 of 4 settled · 1 by you")
    page.keyboard.press("z")
    expect(card(page)).to_have_attribute("data-item", first)
    assert judged(open_queue) == set()
    page.keyboard.press("s")
    expect(card(page)).not_to_have_attribute("data-item", first)


def reopened(page):
    """The same browser's next visit."""
    again = page.context.new_page()
    again.goto(page.url)
    again.get_by_role("tab", name="Review").click()
    return again


def test_typing_a_name_presses_no_button_and_the_name_is_remembered(reviewing):
    start, come, open_queue = reviewing
    page = come(start([report(0)]), "Ann")
    expect(card(page)).to_be_visible()
    page.locator("#review-name textarea, #review-name input").press_sequentially("123usz")
    page.wait_for_timeout(500)

    assert judged(open_queue) == set()
    page.locator("#review-begin").click()
    page.wait_for_timeout(300)
    page = reopened(page)
    expect(page.locator("#review-name textarea, #review-name input")).to_have_value("Ann123usz")


def test_two_annotators_at_once_get_different_tweets_and_lose_nothing(reviewing):
    start, come, open_queue = reviewing
    address = start([report(number) for number in range(6)])
    ann, bob = come(address, "Ann"), come(address, "Bob")
    expect(card(ann)).to_be_visible()
    expect(card(bob)).to_be_visible()
    seen = set()
    for page, label in ((ann, "positive"), (bob, "negative")) * 3:
        item = card(page).get_attribute("data-item")
        assert item not in seen
        seen.add(item)
        page.locator(f"#review-{label}").click()
        expect(page.locator(f'[data-item="{item}"]')).to_have_count(0)

    with open_queue() as queue:
        assert queue.progress().settled == 6
    expect(ann.locator("#review-card .empty")).to_contain_text("python -m flows.collect")


def test_a_disagreement_is_shown_with_both_labels_and_settled_by_a_person(reviewing):
    start, come, open_queue = reviewing
    address = start([report(0)], overlap=1)
    for annotator, label in (("Ann", "positive"), ("Bob", "negative")):
        page = come(address, annotator)
        expect(card(page)).to_be_visible()
        page.locator(f"#review-{label}").click()
    expect(page.locator(".review-disagreement")).to_contain_text("ann")
    take_picture(page, "review-disagreement")
    page.locator("#review-settle-positive").click()
    expect(page.locator(".review-disagreement")).to_have_count(0)

    with open_queue() as queue:
        assert [one.label for one in queue.settled()] == ["positive"]


@pytest.mark.slow
def test_a_page_beyond_loopback_is_closed_without_a_key_and_opens_with_the_right_one(reviewing, visit):
    start, come, _ = reviewing
    closed = start([report(0)], GRADIO_SERVER_NAME="0.0.0.0")
    with_key = start([report(0)], GRADIO_SERVER_NAME="0.0.0.0", SENTIMENT_REVIEW_KEY="a-key-for-two")
    page = come(with_key, "Ann", key="wrong")
    expect(page.locator("#review-trouble")).to_contain_text("key is wrong")
    expect(card(page)).to_have_count(0)
    page.locator("#review-key input").fill("a-key-for-two")
    page.locator("#review-begin").click()
    expect(card(page)).to_be_visible()
    page = visit(closed)
    page.get_by_role("tab", name="Review").click()
    expect(page.locator("#review-closed")).to_contain_text("SENTIMENT_REVIEW_KEY")


def test_whom_a_proxy_on_this_machine_lets_in_sees_no_tweet_without_a_key(reviewing):
    start, come, _ = reviewing
    passed_on = {"extra_http_headers": {"X-Forwarded-For": "192.0.2.7"}}
    page = come(start([report(0)]), "Ann", **passed_on)
    expect(page.locator("#review-trouble")).to_contain_text("SENTIMENT_REVIEW_KEY")
    expect(card(page)).to_have_count(0)


def test_the_queue_goes_out_as_a_file_and_judgements_come_back(reviewing, tmp_path):
    start, come, open_queue = reviewing
    page = come(start([report(0), report(1)]), "Ann")
    expect(card(page)).to_be_visible()
    page.locator("#review-files").get_by_role("button").first.click()
    with page.expect_download() as downloading:
        page.locator("#review-to-csv").click()
    assert downloading.value.suggested_filename == "review.csv"
    lines = downloading.value.path().read_text("utf-8").splitlines()
    filled = tmp_path / "back.csv"
    filled.write_text(
        "item_id,annotator,label\n"
        + "\n".join(f"{line.split(',')[0]},Cora,neutral" for line in lines[1:])
        + "\nnobody,Cora,neutral\n"
    )
    page.locator("#review-file input[type=file]").set_input_files(filled)
    expect(page.locator("#review-imported")).to_contain_text("2 judgements kept, 0 known already, 1 left out")
    with page.expect_download() as downloading:
        page.locator("#review-to-csv").click()

    assert judged(open_queue) == {("cora", "neutral")}
    assert len(lines) == 3
    assert len(downloading.value.path().read_text("utf-8").splitlines()) == 1  # nothing waits now


def test_what_was_settled_meanwhile_is_said_and_the_next_tweet_comes(reviewing):
    start, come, open_queue = reviewing
    page = come(start([report(number) for number in range(4)]), "Ann")
    for button in ("neutral", "skip", "unclear"):
        item = card(page).get_attribute("data-item")
        with open_queue() as queue:
            queue.judge(item, "bob", "neutral", now=NOW)
            queue.close_items([item], now=NOW)
        page.locator(f"#review-{button}").click()
        expect(page.locator("#review-trouble")).to_contain_text(f"item {item} has been in the dataset")
        expect(card(page)).not_to_have_attribute("data-item", item)

    page.locator("#review-neutral").click()
    expect(page.locator("#review-card .empty")).to_be_visible()
    expect(page.locator("#review-trouble .card")).to_have_count(0)
    assert judged(open_queue) == {("ann", "neutral"), ("bob", "neutral")}


def test_a_decision_is_taken_back_and_waits_again(reviewing):
    start, come, open_queue = reviewing
    address = start([report(0)], overlap=1)
    with open_queue() as queue:
        queue.judge(report(0).feedback_id, "ann", "positive", now=NOW)
    page = come(address, "Bob")
    expect(card(page)).to_be_visible()
    page.locator("#review-negative").click()
    page.locator("#review-settle-neutral").click()
    expect(page.locator(".review-disagreement")).to_have_count(0)
    page.locator("#review-undo").click()
    expect(page.locator(".review-disagreement")).to_contain_text("bob")

    assert judged(open_queue) == {("ann", "positive"), ("bob", "negative")}


def test_a_phone_in_the_dark_and_in_french(reviewing):
    start, come, _ = reviewing
    address = start(
        [
            report(0, text="<b>pas mal</b> " + "long " * 40),
            *(report(number, text=f"le train est encore en retard {'!' * number}") for number in (1, 2)),
        ]
    )
    page = come(address, "Ann", locale="fr-FR", viewport={"width": 390, "height": 844}, color_scheme="dark")

    expect(page.locator("#review-negative")).to_contain_text("Négatif (1)")
    expect(card(page)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    take_picture(page, "review-phone")
    assert NOW
