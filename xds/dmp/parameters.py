"""What the law leaves open, and what nobody could verify: numbers and choices that a house may set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Regime = Literal["mes2022", "dmp2018"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The parameters of a house of the DMP; `section [dmp]` of the settings has the same keys.

    `regime`: `mes2022`, records opened by the national scheme, or `dmp2018`, opened by professionals. Days, weeks,
    months and years are those of the law's clock. `mask_author_scope`: whether a masked document stays open to its
    author alone or to his structure (CSP R1111-49). `mask_with_invisible`: whether MASQUE_PS and INVISIBLE_PATIENT may
    stand together (DMP TD2.1). `restricted` and `very_restricted`: what becomes of documents R and V.
    `minor_choice`: what becomes of a minor's document that is not hidden from those who represent him (D-044).
    `replacement_keeps_mask`: whether what replaces a masked document is masked, whatever its depositor sent.
    """

    regime: Regime = "mes2022"
    authorisation_days: int = 365
    mask_author_scope: Literal["ps", "structure"] = "ps"
    retrieve_deleted: bool = True
    mask_with_invisible: bool = False
    replacement_keeps_mask: bool = True
    restricted: Literal["accept", "warn", "refuse"] = "warn"
    very_restricted: Literal["accept", "warn", "refuse"] = "refuse"
    minor_choice: Literal["accept", "warn"] = "warn"
    manage_minors: bool = True
    majority_age: int = 18
    reminder_days: int = 14
    release_months: int = 1
    archive_years: int = 10
    destruction_days: int = 30
    suspension_weeks: int = 6
    reason_shortest: int = 3
    reason_longest: int = 500
    reimbursement_months: int = 24
