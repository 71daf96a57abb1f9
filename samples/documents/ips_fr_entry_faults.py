"""One fault for each rule on vaccines, plans, devices, documents and results (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from lxml import etree

from samples.documents.elements import element
from samples.documents.faults import Fault, both, double, drop, put
from samples.documents.ips_fr_paths import (
    ADVICE,
    ATTACHED,
    DEVICE,
    ENCOUNTER,
    KIND,
    LABORATORY,
    RANK,
    REQUEST,
    RESULT_GROUP,
    VACCINE,
    another_template,
    author,
    found_in,
    insert,
    missing,
    relate,
)


def _performer() -> etree._Element:
    return element("performer", element("assignedEntity", element("id", nullFlavor="UNK")))


def _unrelate(path: str) -> Fault:
    """No related entry has the type that its template asks for."""

    def fault(root: etree._Element) -> None:
        for relation in found_in(root, path).iterfind("{*}entryRelationship"):
            relation.set("typeCode", "XCRPT")

    return fault


def _uncoded_rank(path: str) -> Fault:
    """The only rank has another code, and not the French template."""
    rank = "2.16.840.1.113883.10.20.1.46"
    relation = f"{path}/cda:entryRelationship[cda:observation/cda:templateId/@root='{rank}']"

    def fault(root: etree._Element) -> None:
        if path == VACCINE:
            drop(relation)(root)
        relate(path, "SUBJ", "observation", rank)(root)
        put(f"{relation}/cda:observation/cda:code", code="00000-0")(root)

    return fault


ENTRY_FAULTS: dict[str, Fault] = {
    "ENT-VACCINE-KIND": put(VACCINE, negationInd=None),
    "ENT-VACCINE-CCD": missing(VACCINE, "2.16.840.1.113883.10.20.1.24"),
    "ENT-VACCINE-ID": drop(f"{VACCINE}/cda:id"),
    "ENT-VACCINE-CODE": drop(f"{VACCINE}/cda:code"),
    "ENT-VACCINE-TEXT": drop(f"{VACCINE}/cda:text"),
    "ENT-VACCINE-STATUS": put(f"{VACCINE}/cda:statusCode", code="active"),
    "ENT-VACCINE-TIME": drop(f"{VACCINE}/cda:effectiveTime"),
    "ENT-VACCINE-PRODUCT": drop(f"{VACCINE}//cda:templateId[@root='1.3.6.1.4.1.19376.1.5.3.1.4.7.2']"),
    "ENT-VACCINE-CONSUMABLE": put(f"{VACCINE}/cda:consumable", typeCode=None),
    "ENT-VACCINE-PERFORMER": insert(VACCINE, "consumable", _performer),
    "ENT-VACCINE-AUTHOR": insert(VACCINE, "consumable", author),
    "ENT-VACCINE-RELATIONS": _unrelate(VACCINE),
    "ENT-VACCINE-ONE-SUPPLY": both(*(relate(VACCINE, "REFR", "supply", "1.3.6.1.4.1.19376.1.5.3.1.4.7.3"),) * 2),
    "ENT-VACCINE-ONE-RANK": both(*(relate(VACCINE, "SUBJ", "observation", "2.16.840.1.113883.10.20.1.46"),) * 2),
    "ENT-VACCINE-ONE-COMMENT": both(*(relate(VACCINE, "SUBJ", "act", "1.3.6.1.4.1.19376.1.5.3.1.4.2"),) * 2),
    "ENT-VACCINE-RANK-CODE": _uncoded_rank(VACCINE),
    "ENT-VACCINE-CODE-NULL": put(f"{VACCINE}/cda:code", nullFlavor="UNK"),
    "ENT-VACCINE-CODE-CODED": put(f"{VACCINE}/cda:code", displayName=None),
    "ENT-VACCINE-CODE-JDV": put(f"{VACCINE}/cda:code", code="00000-0"),
    "ENT-ADVICE-KIND": put(ADVICE, negationInd=None),
    "ENT-ADVICE-CCD": missing(ADVICE, "2.16.840.1.113883.10.20.1.25"),
    "ENT-ADVICE-ID": drop(f"{ADVICE}/cda:id"),
    "ENT-ADVICE-CODE": put(f"{ADVICE}/cda:code", codeSystem=None),
    "ENT-ADVICE-STATUS": put(f"{ADVICE}/cda:statusCode", code="completed"),
    "ENT-ADVICE-TIME": drop(f"{ADVICE}/cda:effectiveTime/cda:high"),
    "ENT-ADVICE-PRODUCT": drop(f"{ADVICE}//cda:templateId[@root='1.3.6.1.4.1.19376.1.5.3.1.4.7.2']"),
    "ENT-ADVICE-CONSUMABLE": put(f"{ADVICE}/cda:consumable", typeCode=None),
    "ENT-ADVICE-RELATIONS": _unrelate(ADVICE),
    "ENT-ADVICE-ONE-SUPPLY": both(*(relate(ADVICE, "REFR", "supply", "1.3.6.1.4.1.19376.1.5.3.1.4.7.3"),) * 2),
    "ENT-ADVICE-ONE-RANK": both(*(relate(ADVICE, "SUBJ", "observation", "2.16.840.1.113883.10.20.1.46"),) * 2),
    "ENT-ADVICE-ONE-COMMENT": both(*(relate(ADVICE, "SUBJ", "act", "1.3.6.1.4.1.19376.1.5.3.1.4.2"),) * 2),
    "ENT-ADVICE-RANK-CODE": _uncoded_rank(ADVICE),
    "ENT-VACCINE-ROUTE-CODE-CODED": put(f"{VACCINE}/cda:routeCode", codeSystem=None),
    "ENT-VACCINE-ROUTE-CODE-JDV": put(f"{VACCINE}/cda:routeCode", code="00000-0"),
    "ENT-ADVICE-ROUTE-CODE-CODED": put(f"{ADVICE}/cda:routeCode", codeSystem=None),
    "ENT-ADVICE-ROUTE-CODE-JDV": put(f"{ADVICE}/cda:routeCode", code="00000-0"),
    "ENT-RANK-KIND": put(RANK, moodCode="INT"),
    "ENT-RANK-CCD": missing(RANK, "2.16.840.1.113883.10.20.1.46"),
    "ENT-RANK-SYSTEM": put(f"{RANK}/cda:code", codeSystem="1.2.3"),
    "ENT-RANK-CODE": put(f"{RANK}/cda:code", code="00000-0"),
    "ENT-RANK-STATUS": drop(f"{RANK}/cda:statusCode"),
    "ENT-RANK-VALUE": drop(f"{RANK}/cda:value"),
    "ENT-REQUEST-KIND": put(REQUEST, moodCode="EVN"),
    "ENT-REQUEST-CCD": missing(REQUEST, "2.16.840.1.113883.10.20.1.25"),
    "ENT-REQUEST-ID": drop(f"{REQUEST}/cda:id"),
    "ENT-REQUEST-TEXT": drop(f"{REQUEST}/cda:text"),
    "ENT-REQUEST-STATUS": drop(f"{REQUEST}/cda:statusCode"),
    "ENT-REQUEST-TIME": drop(f"{REQUEST}/cda:effectiveTime"),
    "ENT-ENCOUNTER-KIND": put(ENCOUNTER, classCode="ACT"),
    "ENT-ENCOUNTER-EVENT": put(ENCOUNTER, moodCode="EVN"),
    "ENT-ENCOUNTER-PLANNED": missing(ENCOUNTER, "2.16.840.1.113883.10.20.1.25"),
    "ENT-ENCOUNTER-ID": drop(f"{ENCOUNTER}/cda:id"),
    "ENT-ENCOUNTER-CODE": drop(f"{ENCOUNTER}/cda:code"),
    "ENT-ENCOUNTER-NONE": put(f"{ENCOUNTER}/cda:code", code="02276797"),
    "ENT-ENCOUNTER-TEXT": drop(f"{ENCOUNTER}/cda:text/cda:reference"),
    "ENT-ENCOUNTER-TIME": drop(f"{ENCOUNTER}/cda:effectiveTime"),
    "ENT-ENCOUNTER-PERFORMER": put(f"{ENCOUNTER}/cda:performer", typeCode=None),
    "ENT-ENCOUNTER-PLACE": put(f"{ENCOUNTER}/cda:participant/cda:participantRole", classCode="ROL"),
    "ENT-DEVICE-CCD": missing(DEVICE, "2.16.840.1.113883.10.20.1.34"),
    "ENT-DEVICE-TPL-ONCE": double(f"{DEVICE}/cda:templateId[@root='1.2.250.1.213.1.1.3.20']"),
    "ENT-DEVICE-TIME": drop(f"{DEVICE}/cda:effectiveTime"),
    "ENT-DEVICE-PARTICIPANT": put(f"{DEVICE}/cda:participant", typeCode="PRD"),
    "ENT-DEVICE-ROLE": put(f"{DEVICE}/cda:participant/cda:participantRole", classCode="ROL"),
    "ENT-DEVICE-PLAYING": put(f"{DEVICE}//cda:playingDevice", determinerCode=None),
    "ENT-DEVICE-KIND": put(DEVICE, moodCode="RQO"),
    "ENT-DEVICE-ALD": relate(DEVICE, "COMP", "observation", "1.2.250.1.213.1.1.3.48.13"),
    "ENT-DEVICE-WORK": relate(DEVICE, "COMP", "observation", "1.2.250.1.213.1.1.3.48.14"),
    "ENT-DEVICE-PREVENTION": relate(DEVICE, "COMP", "observation", "1.2.250.1.213.1.1.3.48.34"),
    "ENT-DEVICE-NOT-REIMBURSED": relate(DEVICE, "COMP", "observation", "1.2.250.1.213.1.1.3.48.215"),
    "ENT-ATTACHED-KIND": put(ATTACHED, moodCode="INT"),
    "ENT-ATTACHED-ID": drop(f"{ATTACHED}/cda:id"),
    "ENT-ATTACHED-CODE": drop(f"{ATTACHED}/cda:code"),
    "ENT-ATTACHED-STATUS": put(f"{ATTACHED}/cda:statusCode", code="active"),
    "ENT-ATTACHED-KIND-OF": drop(f"{ATTACHED}/cda:component[cda:observation]"),
    "ENT-ATTACHED-MEDIA": put(f"{ATTACHED}//cda:observationMedia/cda:value", mediaType=None),
    "ENT-DOCUMENT-KIND-PARENT": missing(KIND, "1.3.6.1.4.1.19376.1.5.3.1.4.13"),
    "ENT-DOCUMENT-KIND-ID": double(f"{KIND}/cda:id"),
    "ENT-DOCUMENT-KIND-CODE": put(f"{KIND}/cda:code", code="00000-0"),
    "ENT-DOCUMENT-KIND-SYSTEM": put(f"{KIND}/cda:code", codeSystem="1.2.3"),
    "ENT-DOCUMENT-KIND-VALUE": drop(f"{KIND}/cda:value"),
    "ENT-RESULTS-KIND": put(RESULT_GROUP, moodCode="INT"),
    "ENT-RESULTS-TPL-ONCE": another_template(RESULT_GROUP, "1.2.3"),
    "ENT-RESULTS-ID": drop(f"{RESULT_GROUP}/cda:id"),
    "ENT-RESULTS-CODE": put(f"{RESULT_GROUP}/cda:code", code="00000-0"),
    "ENT-RESULTS-STATUS": put(f"{RESULT_GROUP}/cda:statusCode", code="active"),
    "ENT-RESULTS-COMPONENT": drop(f"{RESULT_GROUP}/cda:component"),
    "ENT-LABORATORY-TIME": drop(f"{LABORATORY}/cda:time"),
    "ENT-LABORATORY-ORGANIZATION": drop(f"{LABORATORY}//cda:standardIndustryClassCode"),
}
