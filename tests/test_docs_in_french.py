"""The README in French says what the README says: commands, links, tables and figures."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_WORDS = {"README.md": 1_700, "README.fr.md": 1_850}  # words with a letter or a digit
NAMES = tuple(MOST_WORDS)
PROSE = re.compile(r"^```.*?^```$|`[^`\n]+`|\]\([^)]+\)|https?://\S+", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def commands(text: str) -> list[str]:
    """The lines of the code blocks, without their comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line.partition("  #")[0].rstrip() for block in blocks for line in block.splitlines()]


def names_in_code(text: str) -> Counter[str]:
    """What stands in backticks; of the loop, which is in words, only its length counts."""
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    return Counter(f"{span.count('→')} arrows" if "→" in span else span for span in spans)


def links(text: str) -> Counter[str]:
    """The targets of links and pictures; a picture in French counts as the English one."""
    targets = re.findall(r'\]\(([^)\s]+)\)|src="([^"]+)"', text)
    return Counter(re.sub(r"-fr\.png$", ".png", a or b) for a, b in targets) - Counter(NAMES)


def figures(name: str) -> Counter[str]:
    """The numbers in the prose and the tables, as Python writes them."""
    prose = PROSE.sub(" ", read(name))
    if name == "README.fr.md":
        prose = prose.replace(",", ".").replace("\u202f", ",")
    numbers = re.findall(r"\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?", prose)
    return Counter(number.replace(",", "") for number in numbers)


def tables(text: str) -> list[tuple[int, int]]:
    """The number of rows and of columns of each table."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [(block.count("\n"), block.splitlines()[1].count("---")) for block in blocks]


def levels(text: str) -> list[str]:
    return re.findall(
        r"^#+(?= )", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )


@pytest.mark.parametrize("extract", [commands, names_in_code, links, tables, levels])
def test_both_readmes_have_the_same(extract):
    english, french = (extract(read(name)) for name in NAMES)

    assert english
    assert french == english


def test_both_readmes_have_the_same_figures():
    assert figures("README.md")
    assert figures("README.fr.md") == figures("README.md")


@pytest.mark.parametrize("name", NAMES)
def test_a_readme_stays_short(name):
    words = [word for word in read(name).split() if re.search(r"\w", word)]

    assert len(words) <= MOST_WORDS[name]


def test_the_french_readme_is_set_as_french_is():
    prose = PROSE.sub(" ", read("README.fr.md"))

    assert "'" not in prose, "the apostrophe is ’"
    assert re.findall(r"[^\u00a0][:;!?%](?=\s)", prose) == [], "a space that does not break is missing"
