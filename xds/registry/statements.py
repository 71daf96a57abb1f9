"""The reading statements. `CONDITIONS` stands for a conjunction made by `conditions`, out of constants.

Those that begin with the record and the authorisations on it give one row even when nothing is found: both always come,
from the same snapshot. A patient without record, or whose record was merged into another, gives no row. Their first two
values are the ids of who may hold an authorisation, an array, and the patient; those of the conditions follow.
A statement gives one row more than an answer may hold (`view.MOST_OBJECTS`), which tells that there is too much.
"""

from __future__ import annotations

from typing import Final, LiteralString

HEAD: Final = 1
"""Columns of the record and the authorisations, before those of what is found: one JSON text, made once."""
ENTRY: Final = 14
"""Columns of a document."""
KEY_ID: Final = 12
"""Column of a document that names the key its bytes are sealed to."""

FACTS: Final[LiteralString] = """jsonb_build_array(
        r.patient_key, r.status, r.key_id, r.revision, r.attached_to_ens, r.birth_date, r.etreat, r.btg, r.masked,
        r.default_masking, r.protected, extract(epoch FROM law_now() - now()),
        (SELECT jsonb_agg(jsonb_build_array(a.professional_id, a.status, a.valid_until, a.medecin_traitant))
         FROM authorisations a WHERE a.patient_key = r.patient_key AND a.professional_id = ANY (%s::text[]))
    )"""
"""The record `r` and the authorisations of some holders, an array that stands where it does."""

_OF_PATIENT: Final[LiteralString] = f"""
FROM (
    SELECT r.patient_key, {FACTS}::text AS head
    FROM patients p
    JOIN records r ON r.patient_key = p.patient_key AND r.status <> 'MERGED'
    WHERE p.patient_id = %s
    OFFSET 0
) AS r
"""  # noqa: S608 - constants
_EVERY: Final[LiteralString] = """
SELECT found.*"""
_ENTRY: Final[LiteralString] = """
    SELECT e.patient_key, e.entry_uuid::text, e.unique_id, e.status, e.codes::text, e.author_structure_ids,
           e.author_person_ids, e.depositor_id, e.blob_address, e.mime_type, e.size, e.hash, e.key_id, e.fragment
    FROM document_entries e
"""

RECORD: Final[LiteralString] = f"SELECT r.head {_OF_PATIENT}"

ENTRIES_OF_RECORD: Final[LiteralString] = f"""SELECT r.head, found.* {_OF_PATIENT}
LEFT JOIN LATERAL ({_ENTRY}
    WHERE e.patient_key = r.patient_key AND CONDITIONS
    ORDER BY e.creation_time DESC NULLS LAST, e.entry_uuid
    LIMIT 10001
) AS found ON true
"""

ENTRIES: Final[LiteralString] = f"""{_ENTRY}
WHERE CONDITIONS
ORDER BY e.creation_time DESC NULLS LAST, e.entry_uuid
LIMIT 10001
"""

ENTRIES_AND_KEYS: Final[LiteralString] = f"""{_EVERY}, k.wrapped_private_key
FROM ({_ENTRY} WHERE CONDITIONS) AS found
LEFT JOIN record_keys k ON k.key_id = found.key_id
ORDER BY found.blob_address IS NOT NULL
"""

FOLDERS: Final[LiteralString] = """
SELECT f.patient_key, f.entry_uuid, f.unique_id, f.version, f.status, f.last_update_time, f.fragment
FROM folders f
WHERE CONDITIONS
ORDER BY f.last_update_time DESC, f.entry_uuid
LIMIT 10001
"""

SUBMISSION_SETS: Final[LiteralString] = """
SELECT s.patient_key, s.entry_uuid, s.unique_id, s.fragment
FROM submission_sets s
WHERE CONDITIONS
ORDER BY s.submission_time DESC, s.entry_uuid
LIMIT 10001
"""

ASSOCIATIONS: Final[LiteralString] = """
SELECT l.entry_uuid, l.association_type, l.source, l.target, l.status, l.fragment
FROM associations l
WHERE CONDITIONS
ORDER BY l.entry_uuid
LIMIT 10001
"""

SEEN: Final[LiteralString] = """
SELECT e.entry_uuid, e.codes::text, e.status, e.author_person_ids, e.author_structure_ids, e.depositor_id
FROM document_entries e
WHERE CONDITIONS
"""
"""What the law looks at in documents."""

SURROUNDINGS: Final[LiteralString] = """
WITH RECURSIVE near (id) AS (
    (SELECT unnest(%(documents)s::uuid[])
     UNION ALL
     SELECT s.entry_uuid FROM submission_sets s WHERE s.patient_key = %(patient_key)s
        AND NOT EXISTS (SELECT FROM associations l
                        WHERE l.source = s.entry_uuid AND l.patient_key = %(patient_key)s)
     UNION ALL
     SELECT f.entry_uuid FROM folders f WHERE f.patient_key = %(patient_key)s
        AND NOT EXISTS (SELECT FROM associations l
                        WHERE l.source = f.entry_uuid AND l.patient_key = %(patient_key)s))
    UNION
    SELECT unnest(above.ids) FROM near n CROSS JOIN LATERAL (
        SELECT CASE WHEN EXISTS (SELECT FROM submission_sets s
                                 WHERE s.patient_key = %(patient_key)s AND s.entry_uuid = l.source)
                      OR EXISTS (SELECT FROM folders f
                                 WHERE f.patient_key = %(patient_key)s AND f.entry_uuid = l.source)
                    THEN ARRAY[l.entry_uuid, l.source] ELSE ARRAY[l.entry_uuid] END AS ids
        FROM associations l WHERE l.target = n.id AND l.patient_key = %(patient_key)s OFFSET 0) AS above
), packages (id) AS (
    SELECT s.entry_uuid FROM near n CROSS JOIN LATERAL (
        SELECT s.entry_uuid FROM submission_sets s
        WHERE s.patient_key = %(patient_key)s AND s.entry_uuid = n.id OFFSET 0) AS s
    UNION ALL
    SELECT f.entry_uuid FROM near n CROSS JOIN LATERAL (
        SELECT f.entry_uuid FROM folders f
        WHERE f.patient_key = %(patient_key)s AND f.entry_uuid = n.id OFFSET 0) AS f
)
SELECT l.entry_uuid, l.source, l.target, NULL::boolean FROM near n CROSS JOIN LATERAL (
    SELECT l.entry_uuid, l.source, l.target FROM associations l
    WHERE l.target = n.id AND l.patient_key = %(patient_key)s OFFSET 0) AS l
UNION ALL
SELECT p.id, NULL, NULL, (
    SELECT true FROM associations l
    WHERE l.source = p.id AND l.patient_key = %(patient_key)s
      AND (SELECT true FROM document_entries e WHERE e.patient_key = %(patient_key)s AND e.entry_uuid = l.target)
    LIMIT 1) IS NOT NULL
FROM packages p
"""
"""What stands above documents of a record, and above packages that hold nothing: never down from a package to what it
holds, nor through a document that is not among `documents`. Packages say whether they hold documents.

Written so that no join reads the whole record: what is hidden there is not even met."""


def without_fragments(sql: LiteralString) -> LiteralString:
    """The same statement for whoever wants ids only, and may have more of them."""
    return (
        sql.replace("LIMIT 10001", "LIMIT 100001")
        .replace("e.fragment", "NULL::bytea")
        .replace("f.fragment", "NULL::bytea")
        .replace("s.fragment", "NULL::bytea")
        .replace("l.fragment", "NULL::bytea")
    )
