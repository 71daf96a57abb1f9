"""One HTML page that stands alone: totals, then for each file what is wrong beside the lines of the source.

No script and nothing to load: a policy in the page forbids both, whatever a document says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.expected import expected_in, found_in
from conformance.report import Finding, Summary
from conformance.reports.html_style import STYLE
from conformance.reports.judged import Judged, Language, Options, Totals, by_layer
from conformance.reports.printable import escaped
from conformance.reports.source import Source
from conformance.reports.wording import count, counted, layer_title, numbered, title_of, verdict_of, word

_LINES_AROUND = 2
_RULES = 10
_LONGEST = 400


def render(judged: Iterable[Judged], options: Options) -> Iterator[bytes]:
    """The page. Totals come first: what is said of each file is held, its content is not."""
    language = options.language
    totals = Totals()
    rows: list[str] = []
    sections: list[str] = []
    for number, one in enumerate(judged, 1):
        totals.add(one)
        rows.append(_row(one, number, language))
        sections.append("".join(_section(one, number, options)))
    title = word("report", language)
    yield (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        f"{_totals(totals, language)}{_table(rows, language)}{_rules(totals, language)}"
    ).encode()
    for section in sections:
        yield section.encode()
    yield b"</main>\n</body>\n</html>\n"


def _totals(totals: Totals, language: Language) -> str:
    said = counted(totals.errors, totals.warnings, language)
    numbers = {
        "files": totals.files,
        "valid": totals.valid,
        "invalid": totals.invalid,
        "unusable": totals.unusable,
    }
    parts = [*(numbered(number, key, language) for key, number in numbers.items()), *([said] if said else [])]
    return f"<p>{' · '.join(parts)}</p>\n"


def _table(rows: Iterable[str], language: Language) -> str:
    head = "".join(
        f'<th scope="col"{css}>{word(key, language)}</th>'
        for key, css in (
            ("file", ""),
            ("verdict", ""),
            ("profile", ""),
            ("errors", ' class="n"'),
            ("warnings", ' class="n"'),
        )
    )
    caption = word("files", language)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>\n"


def _row(judged: Judged, number: int, language: Language) -> str:
    report = judged.report
    errors, warnings = count(list(report.findings))
    css = "valid" if report.valid else "error"
    return (
        f'<tr><th scope="row"><a href="#f{number}">{escaped(judged.file)}</a></th>'
        f'<td class="{css}">{verdict_of(judged, language)}</td><td>{escaped(report.profile or "")}</td>'
        f'<td class="n">{errors}</td><td class="n">{warnings}</td></tr>\n'
    )


def _rules(totals: Totals, language: Language) -> str:
    broken = totals.most_broken(_RULES)
    if totals.files < 2 or not broken:
        return ""
    rows = "".join(
        f'<tr><th scope="row" class="{one.severity}">{escaped(one.rule)}</th>'
        f'<td>{escaped(one.text(language))}</td><td class="n">{times}</td></tr>'
        for one, times in broken
    )
    head = (
        f'<th scope="col">{word("rule", language)}</th><th scope="col">{word("what", language)}</th>'
        f'<th scope="col" class="n">{word("times", language)}</th>'
    )
    caption = word("rules", language)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>\n"


def _section(judged: Judged, number: int, options: Options) -> Iterator[str]:
    report, language = judged.report, options.language
    css = "valid" if report.valid else "error"
    yield f'<section aria-labelledby="f{number}">\n<h2 id="f{number}">{escaped(judged.file)}</h2>\n'
    profile = f" ({escaped(report.profile)})" if report.profile else ""
    kind = f" · {escaped(report.document_type)}" if report.document_type else ""
    yield f'<p><strong class="{css}">{verdict_of(judged, language)}</strong>{profile}{kind}</p>\n'
    for note in report.notes:
        yield f"<p>{escaped(note)}</p>\n"
    yield from _layers(judged, language)
    source = Source(judged.content) if options.source and judged.content is not None else None
    if not report.findings:
        yield f"<p>{word('nothing', language)}</p>\n"
    for name, findings in by_layer(report):
        if findings:
            title = layer_title(name, report, language) or word("findings", language)
            yield f'<h3>{escaped(title)}</h3>\n<ol class="findings">\n'
            for one in findings:
                yield from _finding(one, source, language)
            yield "</ol>\n"
    if report.summary is not None:
        yield from _summary(report.summary, language)
    yield "</section>\n"


def _layers(judged: Judged, language: Language) -> Iterator[str]:
    if not judged.report.layers:
        return
    yield f"<table><caption>{word('layers', language)}</caption><tbody>"
    for one in judged.report.layers:
        said = counted(one.errors, one.warnings, language) or word("valid", language)
        state = said if one.asked else word("not asked", language)
        css = "error" if one.errors else "warning" if one.warnings else "valid" if one.asked else "dim"
        yield f'<tr><th scope="row">{escaped(title_of(one, language))}</th>'
        yield f'<td class="{css}">{state}</td><td>{escaped(one.note)}</td></tr>'
    yield "</tbody></table>\n"


def _finding(one: Finding, source: Source | None, language: Language) -> Iterator[str]:
    place = f" · {word('line', language)} {one.line}:{one.column}" if one.line else ""
    yield f'<li class="{one.severity}"><p class="head"><strong class="{one.severity}">'
    yield f"{word(str(one.severity), language)}</strong> <code>{escaped(one.rule)}</code>{place}</p>\n"
    yield f"<p>{escaped(one.text(language))}</p>\n"
    if source is not None and one.line:
        yield from _lines(one, source)
    yield "<dl>"
    facts = [
        ("found", word("absent", language) if one.found is None and one.expected else found_in(one.found, language)),
        ("expected", expected_in(one.expected, language)),
        ("remedy", one.advice(language)),
        ("place", one.path),
        ("source", one.source),
    ]
    for key, said in facts:
        if said:
            yield f"<dt>{word(key, language)}</dt><dd>{escaped(said)}</dd>"
    yield "</dl>"
    if one.repair:
        yield f'<p class="dim">{word("repaired", language)}</p>'
    yield "</li>\n"


def _lines(one: Finding, source: Source) -> Iterator[str]:
    yield "<pre><code>"
    for number, line in source.around(one.line, _LINES_AROUND):
        shown = line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
        if number == one.line:
            excerpt = source.excerpt(number, one.column, _LONGEST)
            shown = excerpt.text if excerpt is not None else shown
            yield f"<mark>{number:>6} {escaped(shown)}</mark>\n"
        else:
            yield f"{number:>6} {escaped(shown)}\n"
    yield "</code></pre>\n"


def _summary(summary: Summary, language: Language) -> Iterator[str]:
    yield f"<h3>{word('clinical', language)}</h3>\n"
    if summary.pages is not None:
        yield f"<p>{word('pages', language)}: {summary.pages}</p>\n"
    if summary.overflow:
        yield f'<p class="warning">{escaped(summary.overflow)}</p>\n'
    head = "".join(f'<th scope="col">{word(key, language)}</th>' for key in ("heading", "state", "content"))
    yield f"<table><thead><tr>{head}</tr></thead><tbody>\n"
    for one in summary.headings:
        title = one.title_en if language == "en" else one.title
        place = f' <span class="dim">({word("line", language)} {one.line})</span>' if one.line else ""
        items = "<br>".join(escaped(item) for item in one.items)
        yield f'<tr><th scope="row">{escaped(title)} <code>{escaped(one.loinc)}</code>{place}</th>'
        yield f"<td>{word(one.state, language)}</td><td>{items}</td></tr>\n"
    yield "</tbody></table>\n"
