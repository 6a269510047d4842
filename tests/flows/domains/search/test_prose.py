"""Sentences and answers in many languages: what is prose, what can be masked, what reveals an answer."""

import pytest

from flows.domains.search.composers.function_words import language_of
from flows.domains.search.composers.prose import Sentence, prose_sentences, terms_of
from flows.domains.search.composers.sentences import blanks, mask_title, reveals
from flows.domains.search.verifiers import normalise_answer

PROSE = {
    "de": "Die alte Brücke über den Fluss wurde von Johann Keller im Jahr 1862 gebaut.",
    "fr": "Le vieux pont sur la rivière est un ouvrage dessiné par Paul Lefèvre en 1862.",
    "es": "El puente viejo sobre el río fue construido por la ciudad en el año 1862.",
    "ru": "Старый мост через реку был построен в 1862 году, и его автор жил рядом.",
    "uk": "Старий міст через річку був збудований у 1862 році, і його автор жив поруч.",
    "el": "Η παλιά γέφυρα στο ποτάμι είναι από το έτος 1862 και δεν έχει αλλάξει.",
    "he": "הגשר הישן מעל הנהר של העיר נבנה על ידי המהנדס בשנת 1862 עם אבן.",
    "ar": "بُني الجسر القديم في المدينة على النهر عام 1862 من الحجر الأبيض.",
    "fa": "پل قدیمی شهر که از سنگ است در سال 1862 بر رودخانه ساخته شد.",
    "hi": "यह पुराना पुल शहर के पास नदी पर सन 1862 में राजा ने बनवाया था।",
    "te": "నది మీద ఉన్న ఈ పాత రాతి వంతెన నగరంలోని కార్మికులు 1862 సంవత్సరంలో కట్టినది.",
    "hr": "Stari most preko rijeke je bio građen od kamena i otvoren 1862 za sve ljude.",
    "ko": "강을 건너는 이 오래된 다리는 도시의 남쪽에 1862년에 돌로 지어졌다.",
    "zh": "河上的这座古老的石桥是由当地的工匠们在1862年主持修建的。",
    "ja": "川に架かるこの古い橋は、町の人々の手で1862年に造られた石の橋である。",
    "th": "สะพานเก่าแห่งนี้เป็นสะพานหินที่สร้างขึ้นในปี 1862 โดยช่างของเมืองและเปิดให้ประชาชน",
}


@pytest.mark.parametrize("language", PROSE)
def test_prose_of_every_language_is_quoted(language: str) -> None:
    """A page without a quotable sentence makes no task."""
    assert prose_sentences(PROSE[language]) == (Sentence(PROSE[language], language),)


@pytest.mark.parametrize("language", PROSE)
def test_a_number_is_masked_in_every_language(language: str) -> None:
    found = next(blanks(Sentence(PROSE[language], language)))
    assert found.answer == "1862" and found.masked == PROSE[language].replace("1862", "____")


@pytest.mark.parametrize(
    "text",
    [
        "Иван Петров, Анна Орлова, Пётр Зимин, Ольга Ветрова, Фёдор Лапин.",
        "城墙、港口、铁路、寺庙、市场、桥梁、运河、学校、剧院、灯塔、古井。",
        "Berlin, Hamburg, München, Köln, Frankfurt, Stuttgart, Leipzig, Dresden, Bremen.",
        "x = f(城墙, 港口) + g(铁路, 寺庙) - h(市场, 桥梁) * 学校的剧院在灯塔",
    ],
)
def test_lists_and_code_are_no_prose(text: str) -> None:
    """A search in words does not find them."""
    assert prose_sentences(text) == ()


@pytest.mark.parametrize(
    ("sentence", "language", "answer"),
    [
        ("这部名为《海边的灯塔》的小说描写了一个渔村里的普通人的生活。", "zh", "海边的灯塔"),
        ("条约在2024年3月5日由双方的代表在首都的大会堂里正式签署。", "zh", "2024年3月5日"),
        ("この町で最も古い建物は、駅前にあるステーションの隣の教会である。", "ja", "ステーション"),
        ("كتب المؤرخ القديم عن المدينة كتابا باسم «رحلة البحر» في آخر حياته.", "ar", "رحلة البحر"),
        ("سافر القائد مع الجنود من المدينة في عام ١٨٦٢ إلى الجبل البعيد.", "ar", "١٨٦٢"),
        ("Мост через реку построил по своему плану Иван Крылов из соседнего города.", "ru", "Иван Крылов"),
    ],
)
def test_names_without_capital_letters_are_found(sentence: str, language: str, answer: str) -> None:
    """In scripts without case a name shows by its quotation marks, its link or its script."""
    assert next(blanks(Sentence(sentence, language))).answer == answer


def test_words_of_links_are_names() -> None:
    """Chinese pages link what they name, and have no other mark of it."""
    page = "老城的居民们每天早上都要走过[青石巷](http://a.test/b)去河边的市场买菜。"
    (sentence,) = prose_sentences(page)
    assert next(blanks(sentence, terms_of(page))).answer == "青石巷"


@pytest.mark.parametrize(
    ("text", "answer", "revealed"),
    [
        ("工匠李明在河边", "李明华", True),
        ("工匠在河边", "李明华", False),
        ("建于1862年", "1862", True),
        ("建于862年", "1862", False),
        ("старые крепости", "крепость", False),
        ("на крепостьях", "крепость", True),
    ],
)
def test_a_part_of_the_answer_reveals_it(text: str, answer: str, revealed: bool) -> None:
    assert reveals(text, answer) is revealed


def test_a_title_without_blanks_around_it_is_masked() -> None:
    """Else the quotation names the page that it should lead to."""
    assert mask_title("著名的城墙的东段建于汉代。", "城墙", ("城墙",)) == "著名的[title]的东段建于汉代。"
    assert mask_title("Мост Москва-река открыт.", "Москва", ("москва",)) == "Мост [title]-река открыт."
    assert mask_title("Мосты открыты.", "Мост", ("мост",)) == "Мосты открыты."


def test_answers_compare_in_every_script() -> None:
    """Digits of all scripts are equal; a unit after a number is a word of its own."""
    assert normalise_answer("١٨٦٢") == normalise_answer("１８６２") == "1862"
    assert normalise_answer("1862年") == "1862 年" and normalise_answer("1862년") == "1862 년"
    assert normalise_answer("《青石巷》") == normalise_answer("青石巷")


def test_latin_languages_differ_by_their_function_words() -> None:
    words = ["le", "pont", "est", "un", "ouvrage", "dans", "la", "ville"]
    assert language_of(" ".join(words), words) == "fr"
