"""The reading statements. `CONDITIONS` stands for a conjunction made by `conditions`, out of constants.

Each begins with the record and the requester's authorisation, and gives one row even when nothing is found: they
always come, from the same snapshot. A patient without record gives no row.
"""

from __future__ import annotations

from typing import Final, LiteralString

HEAD: Final = 6
"""Columns of the record and the authorisation, before those of what is found."""
FRAGMENT: Final = HEAD + 12
"""Column of the fragment: the last of an object, before what a statement adds."""

ENTRIES: Final[LiteralString] = """
SELECT r.patient_key, r.status, r.key_id, a.professional_id, a.status, a.valid_until, found.*
FROM patients p
JOIN records r USING (patient_key)
LEFT JOIN authorisations a ON a.patient_key = r.patient_key AND a.professional_id = %s
LEFT JOIN LATERAL (
    SELECT e.entry_uuid, e.unique_id, e.status, e.codes::text, e.author_structure_ids, e.author_person_ids,
           e.depositor_id, e.blob_address, e.mime_type, e.size, e.hash, e.key_id, e.fragment
    FROM document_entries e
    WHERE e.patient_key = r.patient_key AND CONDITIONS
    ORDER BY e.creation_time DESC, e.entry_uuid
) AS found ON true
WHERE p.patient_id = %s
"""

ENTRIES_AND_KEYS: Final[LiteralString] = """
SELECT r.patient_key, r.status, r.key_id, a.professional_id, a.status, a.valid_until, found.*, k.wrapped_private_key
FROM patients p
JOIN records r USING (patient_key)
LEFT JOIN authorisations a ON a.patient_key = r.patient_key AND a.professional_id = %s
LEFT JOIN LATERAL (
    SELECT e.entry_uuid, e.unique_id, e.status, e.codes::text, e.author_structure_ids, e.author_person_ids,
           e.depositor_id, e.blob_address, e.mime_type, e.size, e.hash, e.key_id, e.fragment
    FROM document_entries e
    WHERE e.patient_key = r.patient_key AND e.unique_id = ANY (%s)
) AS found ON true
LEFT JOIN record_keys k ON k.patient_key = r.patient_key AND k.key_id = found.key_id
WHERE p.patient_id = %s
"""

ALL: Final[LiteralString] = """
SELECT r.patient_key, r.status, r.key_id, a.professional_id, a.status, a.valid_until, found.*
FROM patients p
JOIN records r USING (patient_key)
LEFT JOIN authorisations a ON a.patient_key = r.patient_key AND a.professional_id = %s
LEFT JOIN LATERAL (
    SELECT e.entry_uuid, e.unique_id, e.status, e.codes::text, e.author_structure_ids, e.author_person_ids,
           e.depositor_id, e.blob_address, e.mime_type, e.size, e.hash, e.key_id,
           CASE WHEN matches THEN e.fragment END, CASE WHEN matches THEN 'entry' ELSE 'other' END,
           NULL::text, NULL::uuid, NULL::uuid
    FROM document_entries e, LATERAL (SELECT CONDITIONS AS matches) AS verdict
    WHERE e.patient_key = r.patient_key
    UNION ALL
    SELECT s.entry_uuid, s.unique_id, s.status, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, s.fragment,
           'set', NULL, NULL, NULL
    FROM submission_sets s
    WHERE s.patient_key = r.patient_key AND s.status = ANY (%s::text[])
    UNION ALL
    SELECT l.entry_uuid, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, l.fragment,
           'association', l.association_type, l.source, l.target
    FROM associations l
    WHERE l.patient_key = r.patient_key
) AS found ON true
WHERE p.patient_id = %s
"""
