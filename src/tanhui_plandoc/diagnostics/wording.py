"""Rules about words: what cannot be measured, whose city it is, what is said twice, what lacks a sign."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from tanhui_plandoc.diagnostics.codes import report
from tanhui_plandoc.diagnostics.passages import Passage, at, passages, short
from tanhui_plandoc.draft import Diagnostic, Draft

_UNCOUNTED = "一批|一系列|若干|大幅(?:提升|提高|增加|增长|下降|减少|降低)?"
_UNMEASURED = (
    "(?:显著|明显|有效|持续|不断|稳步|进一步)(?:提升|提高|增强|改善|增加|增长|下降|减少|降低)|较大(?:提升|提高|幅度)"
)
_IN_TEXT = re.compile(_UNCOUNTED)
_IN_TARGETS = re.compile(f"{_UNCOUNTED}|{_UNMEASURED}")
_RHYTHMLESS = re.compile("(?:不定期|定期|经常性?|常态化(?=开展|组织|举办|发布|公布))[\u3400-\u9fff]{2,4}")
_RHYTHM = re.compile("每(?:半?年|个?季|个?月|周|星期|日|天|两|三|学期|学年)|年度")
_CITY = re.compile("全市|我市|本市")
_YEAR = re.compile(r"(?:(?:到|至|截至|在|于)|(?<=[，。；]))20[2-6]\d(?:[底末]前?)?(?=[，,；;])")
_BROKEN = re.compile(r"\d+(?: [\d,.]+|[,.] \d+)")
_DOUBLED = re.compile("([的了和与及在是为对将把，。；、：])\\1+|(?!一)([\u3400-\u9fff]{2,8})\\2")
_VERB_AGAIN = re.compile(
    "(?:加快|积极|持续|大力|着力)?(建设|开展|打造|推进|推动|建立|完善|举办)[\u3400-\u9fff]{2,40}?\\1[\u3400-\u9fff]{3}"
)
_PIECE = re.compile("[^，。；：、！？\t]+")
_SENTENCE = re.compile("[^，。；：！？\t]+")
_FOUNDED = re.compile(
    "(?:成立|组建|设立|建立)([\u3400-\u9fff“”]{0,24}?"
    "(?:专班|领导小组|工作小组|工作组|委员会|联席会议|指挥部|(?:顾问|专家|咨询)团队|专家组|专家库|理事会|办公室|联盟|智库))"
)
_OWNED = re.compile(
    "由[\u3400-\u9fff、]{2,40}(?:牵头|负责|组建|承担|任组长|担任)|办公室设在|日常工作由|任组长|担任组长"
)
_CITED = 20


def _grouped(
    code: str, where: Iterable[Passage], finds: Callable[[str], Iterable[str]], say: Callable[[str], str]
) -> Iterator[Diagnostic]:
    """One diagnostic for each task and found word, with every place where it stands."""
    found: dict[tuple[int | None, str], list[Passage]] = defaultdict(list)
    for passage in where:
        for word in dict.fromkeys(finds(passage.text)):
            found[passage.task_no, word].append(passage)
    for (task_no, word), places in found.items():
        sections = list(dict.fromkeys(at(one.section, one.lines) for one in places))
        more = f"等{len(sections)}处" if len(sections) > _CITED else ""
        yield report(
            code,
            f"{'方案' if task_no is None else f'任务{task_no}'}{say(word)}（{'、'.join(sections[:_CITED])}{more}）。",
            [one.place for one in places],
            task_no=task_no,
            subject=_subject(task_no),
        )


def _subject(task_no: int | None) -> str:
    return "" if task_no is None else f"task:{task_no}"


def _all(pattern: re.Pattern[str]) -> Callable[[str], list[str]]:
    return lambda text: [match.group() for match in pattern.finditer(text)]


def unmeasurable(draft: Draft) -> Iterator[Diagnostic]:
    """A quantity that nobody can count (一批, 若干), or in a target a change without a number (明显提升)."""
    targets = [Passage("主要目标", goal.text, goal.lines) for goal in draft.overall_targets]
    plain = [passage for passage in passages(draft) if passage.section != "主要目标"]
    known = {(passage.lines, word) for passage in plain for word in _IN_TEXT.findall(passage.text)}
    for task in draft.tasks:
        for one in task.indicators:
            for each in one.occurrences:
                if one.value is None and not any(
                    (each.lines, word) in known for word in _IN_TARGETS.findall(each.quote)
                ):
                    targets.append(Passage(each.section, each.quote, each.lines, task.no))
    say = "写有“{}”，没有可以核查的数量".format
    yield from _grouped("unmeasurable", targets, _all(_IN_TARGETS), say)
    yield from _grouped("unmeasurable", plain, _all(_IN_TEXT), say)


def whole_city(draft: Draft) -> Iterator[Diagnostic]:
    """全市 in the plan of a county."""
    county = "县" in draft.title or ("市" not in draft.title and any("全县" in one.text for one in passages(draft)))
    if county:
        yield from _grouped("whole-city", passages(draft), _all(_CITY), "写作“{}”，而这是县级方案".format)


def recurring_without_rhythm(draft: Draft) -> Iterator[Diagnostic]:
    """Something to be done regularly, nobody knows how often."""
    yield from _grouped("recurring-without-rhythm", passages(draft), _rhythmless, "“{}…”没有写明频次".format)


def _rhythmless(text: str) -> list[str]:
    sentences = (sentence for sentence in _SENTENCE.findall(text) if not _RHYTHM.search(sentence))
    return [match.group() for sentence in sentences for match in _RHYTHMLESS.finditer(sentence)]


def year_character_missing(draft: Draft) -> Iterator[Diagnostic]:
    """到2030， for 到2030年，."""
    yield from _grouped("year-character-missing", _as_written(draft), _all(_YEAR), "“{}，”缺“年”字".format)


def _as_written(draft: Draft) -> Iterator[Passage]:
    """All passages, and where targets are cited as they stand."""
    yield from passages(draft)
    for task in draft.tasks:
        for one in task.indicators:
            yield from (Passage(each.section, each.quote, each.lines, task.no) for each in one.occurrences)


def broken_number(draft: Draft) -> Iterator[Diagnostic]:
    """A number with a space inside."""
    yield from _grouped("broken-number", passages(draft), _all(_BROKEN), "的数字“{}”中间断开".format)


def repeated_word(draft: Draft) -> Iterator[Diagnostic]:
    """A sign or a word written twice in a row, or one verb twice in one phrase."""
    yield from _grouped("repeated-word", passages(draft), _all(_DOUBLED), "“{}”重复".format)
    yield from _grouped("repeated-word", passages(draft), _verbs_again, "短语“{}”中动词用了两次".format)


def _verbs_again(text: str) -> list[str]:
    return [short(piece) for piece in _PIECE.findall(text) if _VERB_AGAIN.match(piece)]


def repeated_in_list(draft: Draft) -> Iterator[Diagnostic]:
    """One thing twice in a list such as 甲、乙、甲等."""
    yield from _grouped("repeated-word", passages(draft), _twice_in_a_list, "在一串并列中把“{}”列了不止一次".format)


def _twice_in_a_list(text: str) -> list[str]:
    found = []
    for sentence in _SENTENCE.findall(re.sub("（[^（）]*）", "", text)):
        items = Counter(re.sub("等.*$", "", item).strip("“”《》 ") for item in sentence.split("、"))
        found += [item for item, count in items.items() if count > 1 and len(item) >= 2]
    return found


def body_without_owner(draft: Draft) -> Iterator[Diagnostic]:
    """A committee, a task force or the like is founded, and nobody is named who founds or runs it."""
    say = "要成立“{}”，没有写明由谁牵头组建、日常工作由谁承担".format
    yield from _grouped("body-without-owner", passages(draft), _ownerless, say)


def _ownerless(text: str) -> list[str]:
    sentences = (sentence for sentence in re.split("[。；]", text) if not _OWNED.search(sentence))
    names = (match.group(1).strip("“”") for sentence in sentences for match in _FOUNDED.finditer(sentence))
    return [name for name in names if len(name) >= 3]


def bracket_unpaired(draft: Draft) -> Iterator[Diagnostic]:
    """A quotation mark or a bracket that is opened and never closed, or closed and never opened."""
    yield from _grouped("bracket-unpaired", _whole(draft), _unpaired, "的“{}”不成对".format)


def _whole(draft: Draft) -> Iterator[Passage]:
    """Passages that the document closes itself: a whole body, a whole action, a whole safeguard."""
    for task in draft.tasks:
        yield Passage("正文", task.text, task.lines, task.no)
        for box in task.boxes:
            yield from (Passage(f"专栏{box.no or ''}", one.text, one.lines, task.no) for one in box.actions)
    for safeguard in draft.safeguards:
        yield Passage("组织保障", safeguard.text, safeguard.lines)


def _unpaired(text: str) -> list[str]:
    return [pair for pair in ("“”", "《》", "（）", "【】", "〔〕") if text.count(pair[0]) != text.count(pair[1])]
