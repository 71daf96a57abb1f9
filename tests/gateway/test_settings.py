"""Settings are checked at start: the key, what was found, what was expected."""

from __future__ import annotations

import pytest

from gateway.settings import SettingsError, load


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ECLUSE_DOMAIN", "xds", "domain is one of dmp, ihe"),
        ("ECLUSE_IHE_PATIENTS", "all", "ihe.patients is one of feed, accept_all"),
        ("ECLUSE_IHE_FEED_PORT", "70000", "ihe.feed_port is between 0 and 65535"),
        ("ECLUSE_IHE_ROLES", "106292003", "ihe.roles holds code^^codeSystem"),
        ("ECLUSE_IHE_PURPOSES", "^^1.2.3", "ihe.purposes holds code^^codeSystem"),
        ("ECLUSE_IHE_HOME_COMMUNITY_ID", "1.2.3", "ihe.home_community_id: not urn:oid:"),
        ("ECLUSE_DMP_REASON_LONGEST", "501", "dmp.reason_longest <= 500; found 3 and 501"),
        ("ECLUSE_DMP_REASON_SHORTEST", "2", "3 <= dmp.reason_shortest"),
        ("ECLUSE_DMP_DESTRUCTION_DAYS", "91", "dmp.destruction_days is at most 90"),
        ("ECLUSE_VIHF_ATTACHMENT", "no", "vihf.attachment is one of required, optional"),
        ("ECLUSE_HL7V2_PORT", "70000", "port is between 0 and 65535"),
        ("ECLUSE_HL7V2_WORKERS", "0", "hl7v2.workers is at least 1"),
        ("ECLUSE_HL7V2_MEMORY", "1024", "hl7v2.memory is at least hl7v2.message"),
        ("ECLUSE_HL7V2_CONTROL_IDS", "never", "hl7v2.control_ids is one of once, reused"),
        ("ECLUSE_HL7V2_DESTINATIONS", "LABO^X=http://1.2.3.4:1", "hl7v2.destinations holds"),
        ("ECLUSE_HL7V2_DESTINATIONS", "LABO^X=mllp://1.2.3.4:1", "hl7v2.destinations holds"),
        ("ECLUSE_LIMITS_MEMORY", "1024", "limits.memory is at least limits.body"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(variable: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace("^", r"\^")):
        load(environ={variable: value})


def test_what_is_not_said_is_the_dmp() -> None:
    settings = load(environ={})
    assert (settings.domain, settings.ihe.patients, settings.ihe.codes) == ("dmp", "feed", "any")
