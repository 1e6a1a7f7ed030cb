"""Mail addresses go, also where people write "at" and "dot"."""

import pytest

from sentiment.masking import mask


@pytest.mark.parametrize(
    "address",
    [
        *("ann at gmail dot com", "ann.smith AT gmail DOT com", "ann@ example.com", "ann{at}example.com"),
        *(
            "ann dot smith at gmail dot com",
            "ann_1 at example dot co dot uk",
            "ann [at] gmail.com",
            "ann at gmx.net",
        ),
        *("ann@exam\u00adple.com", "𝐚nn@example.com", "用户@例子.广告", "ann @ gmail dot com", "ann@例え.jp"),
        *(
            "ann﹫example.com",
            "ann@example。com",
            "ａｎｎ＠ｅｘａｍｐｌｅ｡ｃｏ｡ｕｋ",
            "ann&#64example.com",
            "मीरा@उदाहरण.भारत",
        ),
        *("ann AT example DOT com", "ann arobase example point fr", "ann point smith arobase exemple.fr"),
        *("ANN AROBASE EXAMPLE POINT CO POINT UK", "ann (arobase) example (point) fr", "me@3.14pi.org"),
    ],
)
def test_an_address_in_disguise_goes(address):
    assert mask(f"mail {address} now") == "mail (email) now"


def test_what_is_glued_to_an_address_in_another_script_stays():
    assert mask("メールann@example.comまで") == "メール(email)まで"


@pytest.mark.parametrize(
    "said",
    [
        *("look at amazon dot com", "met at polka dot party", "I'm @ home", "at 5 dot 30"),
        *("MEET ME AT AMAZON DOT COM", "meet AT amazon.com", "l'arobase est un point fort"),
        *("good at it. so is he", "3@1.50", "3@1.50€ each", "2@0.99ea", "at 3@1.50, 5@2.25."),
    ],
)
def test_what_only_looks_like_an_address_stays(said):
    assert mask(f"so {said} ok") == f"so {said} ok"
