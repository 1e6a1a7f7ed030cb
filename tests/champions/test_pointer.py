"""The champion's pointer: swaps, rollbacks, and files that cannot be read."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from crowning import crown

from sentiment.champions import store
from sentiment.errors import GateError, StoreError


def test_the_pointer_decides_and_can_go_back(home, served_model):
    first = store.save(served_model, metadata={})
    second = store.save(served_model, metadata={})
    crown(first)
    assert store.champion().tag == first
    crown(second)
    assert store.champion().tag == second


def test_a_pointer_that_cannot_be_read_is_a_clear_error(home, served_model):
    store.save(served_model, metadata={})
    (store.store_home() / store.POINTER_FILE).write_bytes(b"\xff\xfe")

    assert store.has_champion()
    with pytest.raises(StoreError, match=r"cannot be read \(UnicodeDecodeError\): restore it, or write"):
        store.champion()


def test_of_two_swaps_on_the_same_champion_one_wins(home, served_model):
    first, second, third = (store.save(served_model, metadata={}) for _ in range(3))
    crown(first)

    with ThreadPoolExecutor(2) as pool:
        swaps = [pool.submit(store.swap_champion, tag, expected=first) for tag in (second, third)]

    failures = [swap.exception() for swap in swaps if swap.exception()]
    assert [type(failure) for failure in failures] == [GateError]
    assert store.champion().tag in (second, third)
    assert store.pointed()[1:] == [first]


def test_of_several_processes_that_swap_at_once_exactly_one_wins(home, served_model):
    first, *others = (store.save(served_model, metadata={}) for _ in range(5))
    crown(first)
    code = """
import sys
from sentiment.champions import store
from sentiment.errors import GateError

store.find(sys.argv[1])
print("ready", flush=True)
input()
try:
    store.swap_champion(sys.argv[1], expected=sys.argv[2])
    print("won")
except GateError as error:
    print("lost" if "changed meanwhile" in str(error) else error)
"""
    root = Path(store.__file__).parents[2]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, tag, first],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for tag in others
    ]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * len(started)
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].strip() for process in started]

    assert sorted(said) == ["lost", "lost", "lost", "won"]
    assert store.pointed() == [others[said.index("won")], first]


def test_a_roll_back_restores_the_champion_before_and_forgets_the_present_one(home, served_model):
    first, second, third = (store.save(served_model, metadata={}) for _ in range(3))
    for tag in (first, second, third):
        crown(tag)

    assert [store.roll_back(), store.roll_back()] == [second, first]
    assert store.pointed() == [first]
    with pytest.raises(StoreError, match="no champion before"):
        store.roll_back()


def test_a_roll_back_needs_no_files_of_what_fell_and_keeps_why_it_fell(home, served_model):
    first, second = (store.save(served_model, metadata={}) for _ in range(2))
    crown(first)
    crown(second)
    shutil.rmtree(store.find(second).path)

    assert store.roll_back(because="it is broken") == first
    (fallen,) = store.fallen()
    assert (fallen.tag, fallen.successor, fallen.because) == (second, first, "it is broken")


def test_a_roll_back_that_died_between_its_two_files_has_not_happened(home, served_model, monkeypatch):
    first, second = (store.save(served_model, metadata={}) for _ in range(2))
    crown(first)
    crown(second)

    def die(path, tags):
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "write_tags", die)
    with pytest.raises(KeyboardInterrupt):
        store.roll_back()

    assert store.champion().tag == second
    assert store.fallen() == []


def test_a_roll_back_of_another_champion_than_expected_is_refused(home, served_model):
    first, second = (store.save(served_model, metadata={}) for _ in range(2))
    crown(first)
    crown(second)

    with pytest.raises(GateError, match="changed meanwhile"):
        store.roll_back(expected=first)
    assert store.champion().tag == second


def test_a_pointer_of_an_earlier_version_with_one_line_is_read(home, served_model):
    tag = store.save(served_model, metadata={})
    (store.store_home() / store.POINTER_FILE).write_text(tag)

    assert store.pointed() == [tag]
    assert store.champion().tag == tag


def test_an_empty_pointer_is_a_clear_error_and_not_the_newest_model(home, served_model):
    store.save(served_model, metadata={})
    (store.store_home() / store.POINTER_FILE).write_text("")

    with pytest.raises(StoreError, match="is empty"):
        store.champion()
