"""Gates work in other languages, too, and with the punctuation that word processors insert."""

from pathlib import Path

import pytest

from tests.doubles.lakes.small_lake import SmallLake
from tests.flows.refine.gates.test_catalogue import Lakes, reasons

URL = "https://wiki.test/a_b"
ENDINGS = ["答案见 {}。", "见（{}）和", "See “{}”.", "见{}的页面", "如《{}》：是", "{}…"]
"""Text around an address in other languages."""


@pytest.fixture
def lake() -> Lakes:
    return Lakes()


@pytest.mark.slow
def test_an_address_is_recognised_in_each_spelling(tmp_path: Path, lake: Lakes) -> None:
    """Full stops in Chinese text must not lose the row, and escapes must not keep an invented address."""

    def cited(text: str, **observation: str) -> SmallLake:
        return lake(row={"answer": text}, last={"content": text}, t3=observation)

    supported = {f"ending {n}": cited(text.format(URL), url=URL) for n, text in enumerate(ENDINGS)} | {
        "escaped": cited("See https://zh.test/北京.", url="https://zh.test/%E5%8C%97%E4%BA%AC"),
        "plain": cited("See https://zh.test/%E5%8C%97%E4%BA%AC.", observation="1. https://zh.test/北京 A page"),
    }
    invented = {
        "full stop": lake.answering(f"答案见（{URL}）。"),
        "other": cited("See https://zh.test/上海.", url="https://zh.test/%E5%8C%97%E4%BA%AC"),
        "no bytes": cited("See https://zh.test/%E5.", url=URL),
    }
    found = reasons(tmp_path, "invention", supported | invented)
    assert found == dict.fromkeys(supported, "ok") | dict.fromkeys(invented, "url_never_shown")


@pytest.mark.slow
def test_refusals_are_recognised_with_curly_apostrophes_and_in_chinese(tmp_path: Path, lake: Lakes) -> None:
    """A refusal in good typography is a refusal, too."""
    cases = {
        "sorry": lake.answering("I’m sorry, but I can’t help with that."),
        "cannot answer": lake.answering("抱歉，我无法回答这个问题。"),
        "cannot help": lake.answering("对不起，我不能提供帮助。"),
        "don't know": lake.answering("I don’t know."),
        "quoted": lake.answering("> # “I couldn’t determine the year.”"),
        "do not know": lake.answering("我不知道。"),
        "not found": lake.answering("很抱歉，没有找到相关信息。"),
        "guess": lake(last={"reasoning": "Nothing says it. I’ll guess the first one."}),
        "song": lake.answering("对不起我爱你"),
        "film": lake.answering("我不能失去你"),
        "fact": lake.answering("未知死亡是孔子所说"),
    }
    assert reasons(tmp_path, "refusal", cases) == {
        **dict.fromkeys(("sorry", "cannot answer", "cannot help"), "refusal"),
        **dict.fromkeys(("don't know", "quoted", "do not know", "not found"), "gave_up"),
        "guess": "guess",
        **dict.fromkeys(("song", "film", "fact"), "ok"),
    }
