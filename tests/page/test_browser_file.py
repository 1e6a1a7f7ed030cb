"""The tab "Score a file" in a real browser, over a stand-in for the service."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from page_fixtures import StandIn
from page_server import serving_page, take_picture
from playwright.sync_api import expect


@pytest.fixture(scope="module")
def file_page(tmp_path_factory):
    """The page's address; its service calls a tweet negative that has "bad" in it."""
    folder, service = tmp_path_factory.mktemp("file"), StandIn()
    with serving_page(folder, service.address, SENTIMENT_HOME=str(folder)) as (wait_for, address):
        wait_for(address)
        yield address
    service.server.shutdown()
    service.server.server_close()


def test_a_file_comes_back_scored(visit, file_page, tmp_path):
    page = visit(file_page)
    page.get_by_role("tab", name="Score a file").click()
    path = tmp_path / "tweets.csv"
    path.write_text(
        '\ufeffid,text\n1,"I love this, thank you"\n2,\n3,bad flight ever\n'
        + "4,the train leaves at nine\n" * 300,
        "utf-8",
    )
    page.locator("#file input[type=file]").set_input_files(path)
    expect(page.locator("#file")).to_contain_text(re.compile(r"tweets\s*\.csv"))
    page.get_by_role("button", name="Score the file").click()
    expect(page.locator("#summary")).to_contain_text("Rows scored: 302 of 303", timeout=20_000)
    expect(page.locator("#preview tbody tr")).to_have_count(20)
    take_picture(page, "page-file")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the result").click()
    assert download.value.suggested_filename == "tweets-scored.csv"
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["predicted_label"] for row in rows[:3]] == ["positive", "", "negative"]
    assert rows[1]["error"] == "the text is blank"
    assert len(rows) == 303


def test_a_file_without_texts_says_what_is_missing(visit, file_page, tmp_path):
    page = visit(file_page)
    page.get_by_role("tab", name="Score a file").click()
    path = tmp_path / "tweets.csv"
    path.write_text("id,comment\n1,good\n", "utf-8")
    page.locator("#file input[type=file]").set_input_files(path)
    expect(page.locator("#file")).to_contain_text(re.compile(r"tweets\s*\.csv"))
    expect(page.locator("#first-rows tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Score the file").click()
    expect(page.locator("#summary [role=alert]")).to_contain_text("id, comment")
    expect(page.locator("#download")).to_be_hidden()


def test_files_that_gradio_removed_meanwhile_are_to_be_chosen_again(visit, file_page, tmp_path):
    page = visit(file_page)
    page.get_by_role("tab", name="Score a file").click()
    path = tmp_path / "tweets.csv"
    path.write_text("id,text\n1,I love this\n", "utf-8")
    page.locator("#file input[type=file]").set_input_files(path)
    expect(page.locator("#first-rows tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Score the file").click()
    expect(page.locator("#download")).to_be_visible(timeout=20_000)
    uploaded = Path(unquote(page.locator("#file a").first.get_attribute("href").partition("file=")[2]))
    for result in uploaded.parents[1].glob("scored-*"):
        shutil.rmtree(result)
    page.get_by_role("button", name="Download the result").click()
    expect(page.locator("#summary [role=alert]")).to_contain_text("choose the file again and score it")
    uploaded.unlink()
    page.get_by_role("button", name="Score the file").click()
    expect(page.locator("#summary [role=alert]")).to_contain_text("tweets.csv is no longer here")
    expect(page.locator("#download")).to_be_hidden()


def test_the_column_of_a_file_is_chosen_after_a_look_at_its_first_rows(visit, file_page, tmp_path):
    page = visit(file_page, locale="fr-FR")
    page.get_by_role("tab", name="Noter un fichier").click()
    path = tmp_path / "avis.tsv"
    path.write_text("id\tcomment\n1\tI love this, thank you\n2\tbad flight ever\n", "utf-8")
    page.locator("#file input[type=file]").set_input_files(path)
    expect(page.locator("#first-rows tbody tr")).to_have_count(2)
    page.get_by_label("Où sont les tweets ?").click()
    take_picture(page, "page-file-column-fr")
    page.get_by_role("option", name="chaque ligne").click()
    expect(page.locator("#first-rows tbody tr")).to_have_count(3)
    page.get_by_label("Où sont les tweets ?").click()
    page.get_by_role("option", name="comment").click()
    expect(page.locator("#first-rows tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Noter le fichier").click()
    expect(page.locator("#summary")).to_contain_text("Lignes notées : 2 sur 2", timeout=20_000)
    take_picture(page, "page-file-fr")
