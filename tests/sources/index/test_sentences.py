"""A language whose sentences are not found makes no tasks: every page of it is crawled for nothing."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.index.passage_splitter import PASSAGE_CHARS, PASSAGE_WORDS, passages
from sources.index.scripts import lowercase_words, word_count
from sources.index.sentences import raw_sentences, sentences
from warehouse.connect import query

SENTENCES = {
    "en": ["Dr. Smith of the U.S. Navy uses e.g. Python 3.11.", "Is it old?", "See ast.Name in v. 1.2.3!",
           "J. R. R. T. won.", "Remove the object o.", "Return i."],
    "de": ["Die Burg wurde z. B. um 1702 gebaut.", "Sie steht noch.", "„Wer kommt?“", "Niemand."],
    "fr": ["M. Dupont est là.", "Il a dit : « Oui. »", "Puis il partit."],
    "es": ["¿Quién construyó el castillo?", "Lo construyó el rey.", "¡Es viejo!"],
    "ru": ["Крепость построил в 1702 г. князь А. С. Меншиков.", "Она, т.е. крепость, стоит.", "«Это порт.»",
           "Что это?"],
    "uk": ["Фортецю збудували 1702 року.", "Хто її збудував?", "Князь."],
    "el": ["Το κάστρο χτίστηκε το 1702.", "Ποιος το έχτισε;", "Ο βασιλιάς το έχτισε."],
    "hy": ["Ամրոցը կառուցվել է 1702 թվականին։", "Թագավորը կառուցել է։"],
    "ka": ["ეს ციხეა.", "ის ძველია."],
    "he": ["המצודה נבנתה בשנת 1702.", "מי בנה אותה?", "המלך בנה."],
    "ar": ["بُنيت القلعة عام 1702.", "من بناها؟", "بناها المهندس أحمد.", "وهي اليوم متحف!"],
    "fa": ["این قلعه است.", "چه کسی آن را ساخت؟", "شاه آن را ساخت."],
    "ur": ["یہ قلعہ ہے۔", "کیا یہ پرانا ہے؟", "ہاں۔"],
    "hi": ["यह किला है।", "इसे किसने बनाया?", "राजा ने बनाया।"],
    "bn": ["এটি একটি দুর্গ।", "এটি পুরানো।"],
    "ta": ["இது ஒரு கோட்டை.", "இது பழையது."],
    "ko": ["이 성은 1702년에 지어졌다.", "누가 지었는가?", "왕이 지었다."],
    "am": ["ይህ ቤተ መንግሥት ነው።", "አሮጌ ነው።"],
    "my": ["ဤသည်မှာ ရဲတိုက်ဖြစ်သည်။", "၎င်းသည် ပြတိုက်ဖြစ်သည်။"],
    "km": ["ប្រាសាទនេះសង់ឡើង។", "វាជាសារមន្ទីរ។"],
}  # fmt: skip
WITHOUT_BLANKS = {
    "zh": ["城墙建于汉代，长约八百米。", "它毁于明末的大火！", "谁修的？", "工匠李明说：“我修的。”", "然后他走了。"],
    "ja": ["駅は1914年に開業した。", "「行こう。」", "なぜ？"],
}
THAI = "ปราสาทนี้สร้างขึ้นเมื่อปีพุทธศักราช 2245 โดยช่างฝีมือในเมืองหลวงเก่า ปัจจุบันเป็นพิพิธภัณฑ์ที่เปิดให้ประชาชนเข้าชมทุกวันโดยไม่เสียค่าใช้จ่าย"


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences_end_where_their_language_ends_them(language: str) -> None:
    """Half a sentence as a quotation can be neither searched nor answered."""
    assert sentences(" ".join(SENTENCES[language])) == SENTENCES[language]


@pytest.mark.parametrize("language", WITHOUT_BLANKS)
def test_sentences_without_blanks_between_end_at_their_stops(language: str) -> None:
    assert sentences("".join(WITHOUT_BLANKS[language])) == WITHOUT_BLANKS[language]


def test_thai_sentences_end_at_blanks() -> None:
    """Thai has no stops, so a page of it would be one sentence."""
    assert len(sentences(THAI)) == 2 and "".join(raw_sentences(THAI)) == THAI


ORDINALS = [
    ["Er starb am 3. Oktober 1990.", "Vom 1. bis 3. April war es kalt.", "Das 19. Jahrhundert begann mit ihr.",
     "In der Nacht vom 2./3. Mai endete der 2. Weltkrieg.", "Im Jahr 1990.", "Danach kam er.", "Es waren 12.",
     "Danach 14."],
    ["Den 2. Verdenskrig var slut den 5. maj 1945.", "Han døde."],
    ["Zemřel 3. října 1990.", "Pak přišel král."],
    ["Meghalt 1990. október 3. napján.", "Vége."],
    ["Hän kuoli 3. lokakuuta 1990.", "Niin."], ["Ta suri 3. oktoobril 1990.", "Jah."],
    ["1990. gada 3. oktobrī.", "Jā."],
    ["I am 12.", "We left in 1990.", "October was cold.", "Chapter 3.", "Then it ended."],
]  # fmt: skip


@pytest.mark.parametrize("expected", ORDINALS)
def test_the_dot_of_an_ordinal_ends_no_sentence(expected: list[str]) -> None:
    """A date that is cut in two makes quotations such as `Oktober 1990.`, and answers without their day."""
    assert sentences(" ".join(expected)) == expected


ALPHABETS = st.sampled_from(
    ["ab. A?", "аб. Б", "城墙。，a ", "ก ข1", "कि।", "“«「『。a", "\u0f0d\u17d4 ", "e\u0301 ", "x" * 3]
)
TEXTS = st.builds(lambda letters, picks: "".join(letters[pick % len(letters)] for pick in picks), ALPHABETS,
                  st.lists(st.integers(0, 50), max_size=300)) | st.text(max_size=400)  # fmt: skip


@settings(deadline=None)
@given(TEXTS)
def test_sentences_together_are_the_text(text: str) -> None:
    """A character that falls between two sentences is never found again."""
    assert "".join(raw_sentences(text)) == text


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS, max_size=6), st.integers(1, 40))
def test_a_passage_is_short_in_every_script(paragraphs: list[str], times: int) -> None:
    """Small models read one passage per observation; a passage of a whole page is none."""
    found = list(passages("\n\n".join(one * times for one in paragraphs)))
    assert all(len(one.text) <= PASSAGE_CHARS and word_count(one.text) <= PASSAGE_WORDS for one in found)


@pytest.mark.parametrize("text", ["城墙建于汉代" * 2_000, "a" * 20_000, "“ก" * 10_000, "a. " * 9_000, "कि" * 9_000])
def test_text_without_ends_is_cut(text: str) -> None:
    found = [one.text for one in passages(text)]
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert max(map(len, found)) <= PASSAGE_CHARS


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("two words", 2),
        ("城墙建于汉代", 3),
        ("城墙 1862 年", 3),
        ("이 성은 1702년에 지어졌다.", 4),
        ("ปราสาทนี้สร้าง", 4),
        ("", 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, n: int) -> None:
    """Else a passage of a hundred Chinese words has as many sentences, and no Chinese sentence is long enough."""
    assert word_count(text) == n


RANGES = [(0x20, 0x24F), (0x370, 0x377), (0x391, 0x3A1), (0x3A3, 0x52F), (0x5D0, 0x5EA), (0x621, 0x669), (0x905, 0x96F),
          (0xE01, 0xE3A), (0xE40, 0xE5B), (0x1780, 0x17DC), (0x3041, 0x3096), (0x30A1, 0x30FF), (0x4E00, 0x4FFF),
          (0xAC00, 0xACFF), (0xFF01, 0xFF5A)]  # fmt: skip
LETTERS = st.sampled_from([chr(code) for first, last in RANGES for code in range(first, last + 1)])
"""Characters that every version of Unicode has alike."""


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(LETTERS, min_size=1, max_size=30), min_size=1, max_size=30))
def test_sql_and_python_find_the_same_words(paragraphs: list[str]) -> None:
    """A quotation is used only if SQL finds once in the corpus what Python makes of it."""
    texts = [one.encode("utf-8", "replace").decode().replace("\x00", "") for one in paragraphs]
    texts = [one for one in texts if lowercase_words(one)]
    con = duckdb.connect()
    con.execute("create table pages as select unnest($texts) as text", {"texts": texts or [""]})
    con.execute("create table probe_anchors as select $probe as probe, split_part($probe, ' ', 1) as anchor",
                {"probe": lowercase_words(texts[0]) if texts else "x"})  # fmt: skip
    counts = con.execute(query("tasks", "probe_counts")).fetchall()
    assert not texts or counts[0][1] >= 1
