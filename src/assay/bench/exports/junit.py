"""A run as JUnit XML, which build servers show: a test suite a suite and model, a test case a sample.

A failure is a verdict on the model, an error one of ours, skipped what is missing. What a model wrote is cut and made
visible: XML 1.0 has no place for most control characters.
"""

from collections import defaultdict
from collections.abc import Iterable
from xml.etree import ElementTree as Xml

from assay.bench.records import Sample
from assay.bench.scores.records import Score, Scores
from assay.visible import one_line, visible

_MESSAGE = 400
_TEXT = 4_000


def junit_xml(scores: Scores, samples: Iterable[Sample]) -> str:
    """The document, for the samples of the evaluation that the scores are of."""
    by_place: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        by_place[sample.suite, sample.model].append(sample)
    suites = [_suite(score, by_place[score.suite, score.model]) for score in scores.scores]
    root = Xml.Element("testsuites", {"name": f"assay {scores.evaluation}", **_totals(suites)})
    root.extend(suites)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _suite(score: Score, samples: list[Sample]) -> Xml.Element:
    name = f"{one_line(score.suite)} · {one_line(score.model)}"
    cases = [_case(name, sample, several=score.samples_expected > score.tasks_expected) for sample in samples]
    cases += [_missing(name, task.task, task.missing) for task in score.by_task if task.missing]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    seconds = sum(float(case.get("time", "0")) for case in cases)
    said = {key: str(value) for key, value in counts.items()} | {"time": f"{seconds:.3f}"}
    suite = Xml.Element("testsuite", {"name": name, **said})
    suite.extend(cases)
    return suite


def _totals(suites: Iterable[Xml.Element]) -> dict[str, str]:
    names = ("tests", "failures", "errors", "skipped")
    every = list(suites)
    return {name: str(sum(int(suite.get(name, "0")) for suite in every)) for name in names}


def _case(suite: str, sample: Sample, *, several: bool) -> Xml.Element:
    report = sample.counted(sample.last)
    name = one_line(sample.task) + (f" [{sample.index}]" if several else "")
    case = Xml.Element("testcase", {"classname": suite, "name": name, "time": f"{report.wall_s:.3f}"})
    if sample.status == "pass":
        return case
    kind = "error" if sample.status == "error" else "failure"
    told = Xml.SubElement(case, kind, {"type": sample.status, "message": one_line(report.message, _MESSAGE)})
    failed = [finding for finding in report.findings if finding.outcome != "passed"]
    lines = [f"{f.case or f.check}: {f.call} expected {f.expected}, got {f.got} {f.message}" for f in failed[:20]]
    told.text = visible("\n".join(lines), _TEXT)
    return case


def _missing(suite: str, task: str, number: int) -> Xml.Element:
    case = Xml.Element("testcase", {"classname": suite, "name": f"{one_line(task)} (missing)", "time": "0"})
    Xml.SubElement(case, "skipped", {"message": f"{number} of its samples are missing"})
    return case
