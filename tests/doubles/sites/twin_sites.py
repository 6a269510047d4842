"""One small site in English, Chinese, Russian and Arabic: the same towns, sentences, links and tables.

All four have the same pages with the same figures, so that a factory that treats languages alike makes as many tasks of
each. `twin_site` serves one of them.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from random import Random

from tests.doubles.sites.plain_site import Request, RunningSite, response, running_site


@dataclass(frozen=True)
class Language:
    """The words of one language."""

    names: tuple[str, ...]
    people: tuple[str, ...]
    places: tuple[str, ...]
    causes: tuple[str, ...]
    sentences: tuple[str, ...]
    """With slots for a place, a cause, a person and figures."""
    home: str
    headers: tuple[str, str]
    sites: str
    gap: str = " "
    """Between two sentences."""


ENGLISH = Language(
    names=tuple(f"{first}{last}" for first, last in product(
        ("Ash", "Oak", "Stone", "Wind", "Lake", "Black", "White", "King"), ("ford", "bridge", "holm", "gate"))),
    people=("Thomas Reed", "Clara Whitlock", "Edmund Hale", "Ruth Ormond", "Peter Lang", "Agnes Thorne"),
    places=(
        "behind the fish market", "near the northern wall", "below the old lighthouse", "opposite the grain store",
        "beside the stone bridge", "above the river harbour", "in front of the royal mint",
        "between the two mills",
        "at the edge of the forest", "inside the abandoned monastery", "along the salt road",
        "under the chestnut trees",
    ),
    causes=(
        "after a long dispute with the guild", "with the money of a merchant", "in spite of the heavy floods",
        "before the arrival of the railway", "by order of the bishop", "without the help of the crown",
        "at the request of the sailors", "according to an older plan", "for the festival of the bakers",
        "in memory of the drowned fishermen", "against the will of the mayor", "together with the monks",
    ),
    sentences=(
        "The great hall {place} was built {cause} in {year} and still belongs to the town.",
        "The school {place} was opened {cause} by {person} and has {n} pupils today.",
        "The tower {place} was raised {cause} to a height of {n} metres.",
        "The museum {place} was founded {cause} and shows {n} maps of the coast.",
        "The garden {place} was laid out {cause} by the painter {person}.",
        "The well {place} was dug {cause} to a depth of {k} metres.",
        "The theatre {place} was restored {cause} and offers {visitors} seats.",
        "The chapel {place} was moved {cause} in the autumn of {year}.",
    ),
    home="Towns of the coast", headers=("Town", "Inhabitants"), sites="All towns",
)  # fmt: skip
CHINESE = Language(
    names=tuple(f"{first}{last}" for first, last in product("青白金玉云龙石清", ("山镇", "水桥", "河关", "溪城"))),
    people=("李明华", "王国强", "陈志远", "赵文博", "周玉兰", "孙德胜"),
    places=(
        "鱼市场后面", "北城墙附近", "旧灯塔下面", "粮仓对面", "石桥旁边", "河港上方", "王家铸币厂前面",
        "两座磨坊之间", "森林边缘", "废弃的修道院里", "盐路沿线", "栗树下面",
    ),
    causes=(
        "经过与行会的长期争论以后", "用一位商人捐赠的资金", "在发生洪水的情况下", "在铁路通车以前",
        "按照主教的命令", "在没有王室帮助的情况下", "应水手们的请求", "根据更早的设计图",
        "为了面包师的节日", "为了纪念遇难的渔民", "违背市长的意愿", "和修道士们一起",
    ),
    sentences=(
        "位于{place}的大会堂是{cause}在{year}年建成的，至今仍然属于这座城镇。",
        "位于{place}的学校是{cause}由{person}创办的，现在共有{n}名学生。",
        "位于{place}的钟楼是{cause}修建起来的，总高度达到了{n}米。",
        "位于{place}的博物馆是{cause}设立的，展出了{n}幅海岸地图。",
        "位于{place}的花园是{cause}由画家{person}在{year}年设计的。",
        "位于{place}的水井是{cause}开凿的，深度达到了{k}米。",
        "位于{place}的剧院是{cause}修复的，一共有{visitors}个座位。",
        "位于{place}的小教堂是{cause}在{year}年的秋天迁移过来的。",
    ),
    home="沿海城镇", headers=("城镇", "人口"), sites="全部城镇", gap="",
)  # fmt: skip
RUSSIAN = Language(
    names=tuple(f"{first}{last}" for first, last in product(
        ("Бело", "Старо", "Ново", "Камне", "Зелено", "Черно", "Красно", "Тихо"),
        ("горск", "реченск", "бродск", "польск"))),
    people=("Фёдор Лапин", "Анна Орлова", "Иван Крылов", "Мария Седова", "Пётр Зимин", "Ольга Ветрова"),
    places=(
        "за рыбным рынком", "у северной стены", "под старым маяком", "напротив зернового склада",
        "рядом с каменным мостом", "над речной гаванью", "перед монетным двором", "между двумя мельницами",
        "на краю леса", "внутри заброшенного монастыря", "вдоль соляной дороги", "под каштанами",
    ),
    causes=(
        "после долгого спора с гильдией", "на деньги одного купца", "несмотря на сильное наводнение",
        "до прихода железной дороги", "по приказу епископа", "без помощи короны", "по просьбе моряков",
        "по более старому плану", "к празднику пекарей", "в память о погибших рыбаках", "против воли мэра",
        "вместе с монахами",
    ),
    sentences=(
        "Большой зал {place} был построен {cause} в {year} году и до сих пор принадлежит городу.",
        "Школа {place} была открыта {cause}, её основатель {person} жил рядом, и в ней {n} учеников.",
        "Башня {place} была поднята {cause} до высоты в {n} метров.",
        "Музей {place} был основан {cause} и показывает {n} карт побережья.",
        "Сад {place} был разбит {cause} по рисункам, и автор их {person}.",
        "Колодец {place} был вырыт {cause} на глубину в {k} метров.",
        "Театр {place} был восстановлен {cause} и имеет {visitors} мест.",
        "Часовня {place} была перенесена {cause} осенью {year} года.",
    ),
    home="Города побережья", headers=("Город", "Население"), sites="Все города",
)  # fmt: skip
ARABIC = Language(
    names=tuple(f"{first} {last}" for first, last in product(
        ("قصر", "برج", "باب", "حصن"), ("النور", "البحر", "الريح", "السلام", "الورد", "الذهب", "النخيل", "الحجر"))),
    people=("سالم الحداد", "ليلى المنصور", "يوسف النجار", "مريم الزهراء", "حسن البناء", "عمر الكاتب"),
    places=(
        "خلف سوق السمك", "قرب السور الشمالي", "تحت المنارة القديمة", "مقابل مخزن الحبوب", "بجانب الجسر الحجري",
        "فوق ميناء النهر", "أمام دار السك الملكية", "بين الطاحونتين", "عند حافة الغابة", "داخل الدير المهجور",
        "على طول طريق الملح", "تحت أشجار الكستناء",
    ),
    causes=(
        "بعد نزاع طويل مع النقابة", "بأموال تاجر من المدينة", "على الرغم من الفيضانات", "قبل وصول السكة الحديدية",
        "بأمر من الأسقف", "من دون مساعدة التاج", "بطلب من البحارة", "وفق مخطط أقدم", "من أجل عيد الخبازين",
        "في ذكرى الصيادين الغرقى", "ضد إرادة العمدة", "مع الرهبان",
    ),
    sentences=(
        "بُنيت القاعة الكبرى {place} {cause} في عام {year} وما زالت ملكا للمدينة.",
        "افتتحت المدرسة {place} {cause} على يد {person} وفيها اليوم {n} تلميذا.",
        "ارتفع البرج {place} {cause} حتى وصل إلى علو {n} مترا.",
        "تأسس المتحف {place} {cause} وهو يعرض {n} خريطة من خرائط الساحل.",
        "زُرعت الحديقة {place} {cause} في عام {year} على يد الرسام {person}.",
        "حُفرت البئر {place} {cause} حتى وصلت إلى عمق {k} مترا.",
        "رُمم المسرح {place} {cause} وهو يضم {visitors} مقعدا للجمهور.",
        "نُقلت الكنيسة الصغيرة {place} {cause} في خريف عام {year} إلى هنا.",
    ),
    home="مدن الساحل", headers=("المدينة", "السكان"), sites="كل المدن",
)  # fmt: skip
LANGUAGES = {"en": ENGLISH, "zh": CHINESE, "ru": RUSSIAN, "ar": ARABIC}
LINKS, SENTENCES = 3, 7
"""Links and sentences of a town's page."""


def twin_pages(tag: str, seed: int = 1) -> dict[str, str]:
    """Path -> HTML: the home page with a table of all towns, and a page for each."""
    words = LANGUAGES[tag]
    rows = "".join(
        f'<tr><td><a href="/{n}">{name}</a></td><td>{1_000 + 37 * n}</td></tr>' for n, name in enumerate(words.names)
    )
    header = "".join(f"<th>{one}</th>" for one in words.headers)
    home = f"<h1>{words.home}</h1><h2>{words.sites}</h2><table><tr>{header}</tr>{rows}</table>"
    return {"/": _html(tag, words.home, home)} | {
        f"/{n}": _html(tag, name, _town(words, n, name, Random(seed * 1_000 + n))) for n, name in enumerate(words.names)
    }


def _town(words: Language, n: int, name: str, dice: Random) -> str:
    others = [(n + step) % len(words.names) for step in (1, 5, 11)][:LINKS]
    chosen = dice.sample(words.sentences, SENTENCES)
    prose = words.gap.join(_filled(words, sentence, dice) for sentence in chosen)
    near = "".join(f'<li><a href="/{at}">{words.names[at]}</a></li>' for at in others)
    return f"<h1>{name}</h1><p>{prose}</p><ul>{near}</ul>"


def _filled(words: Language, sentence: str, dice: Random) -> str:
    return sentence.format(
        year=dice.randrange(1500, 1950), n=dice.randrange(20, 99), k=dice.randrange(11, 90),
        visitors=dice.randrange(1_100, 9_900), person=words.people[dice.randrange(len(words.people))],
        place=words.places[dice.randrange(len(words.places))], cause=words.causes[dice.randrange(len(words.causes))],
    )  # fmt: skip


def _html(tag: str, title: str, body: str) -> str:
    return f"<!doctype html><html lang={tag}><head><title>{title}</title></head><body>{body}</body></html>"


@contextmanager
def twin_site(tag: str) -> Iterator[RunningSite]:
    """Serve the site of one language."""
    pages = twin_pages(tag)

    async def handle(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path in pages:
            writer.write(response(pages[request.path]))
        else:
            writer.write(response("", "text/plain", "404 Not Found"))

    with running_site(handle) as site:
        yield site
