"""The rules of the law in words, French and English, as a person asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from gateway.acts import Act
from xds.dmp.changes import Change
from xds.dmp.columns import BREAK_GLASS, NORMAL, REGULATION
from xds.dmp.decision import Rule
from xds.dmp.operations import Operation
from xds.dmp.traces import ActorKind

Language = Literal["fr", "en"]

RULES: Mapping[Rule, tuple[str, str]] = MappingProxyType(
    {
        Rule.GRANTED: ("autorisé : aucune règle ne s'y oppose", "allowed: no rule is against it"),
        Rule.REASON_MISSING: (
            "le bris de glace demande un motif, assez long (dmp.reason_shortest)",
            "breaking the glass needs a reason, long enough (dmp.reason_shortest)",
        ),
        Rule.RECORD_UNKNOWN: ("ce patient n'a pas de dossier", "this patient has no record"),
        Rule.RECORD_CLOSED: ("le dossier est fermé", "the record is closed"),
        Rule.RECORD_SUSPENDED: ("le dossier est suspendu", "the record is suspended"),
        Rule.RECORD_FOUND: ("ce patient a déjà un dossier", "this patient has a record already"),
        Rule.RECORD_OPEN: ("le dossier est actif : rien à réactiver", "the record is active: nothing to reactivate"),
        Rule.REGIME: (
            "les dossiers sont créés avec Mon espace santé, non par les professionnels",
            "records are created with Mon espace santé, not by professionals",
        ),
        Rule.ATTACHED_TO_ENS: (
            "le dossier est rattaché à Mon espace santé",
            "the record is attached to Mon espace santé",
        ),
        Rule.HOLDER_DECEASED: ("le décès du titulaire est connu", "the death of the holder is known"),
        Rule.MATRIX: (
            "la matrice des droits fonctionnels ne l'ouvre pas à cet acteur dans ce mode",
            "the functional rights matrix does not open it to this actor in this mode",
        ),
        Rule.CONDITION_STRUCTURE: ("la structure qui agit est inconnue", "the structure that acts is not known"),
        Rule.CONDITION_OWN_DOCUMENT: ("réservé à l'auteur du document", "for the author of the document only"),
        Rule.CONDITION_OWN_STRUCTURE: (
            "réservé à la structure auteur du document",
            "for the structure that is the author of the document only",
        ),
        Rule.CONDITION_PATIENT_DOCUMENT: (
            "sur un document du patient, réservé au patient et au médecin traitant",
            "on a document of the patient, for the patient and the médecin traitant only",
        ),
        Rule.CONDITION_PATIENT_OWN_DOCUMENT: (
            "le patient ne le peut que sur ses propres documents",
            "the patient may do so to his own documents only",
        ),
        Rule.NOT_REPRESENTED: (
            "le titulaire est majeur : personne ne le représente",
            "the holder is of age: nobody represents him",
        ),
        Rule.NOT_A_MINOR: ("le titulaire n'est pas mineur", "the holder is no minor"),
        Rule.READ_BY_PATIENT: (
            "le patient l'a lu : on ne peut plus le lui cacher",
            "the patient has read it: it cannot be hidden from him again",
        ),
        Rule.BLOCKED_BY_PATIENT: (
            "le patient a bloqué ce professionnel, dans tous les modes",
            "the patient blocked this professional, in every mode",
        ),
        Rule.NOT_AUTHORISED: (
            "le patient n'a pas autorisé ce professionnel",
            "the patient did not authorise this professional",
        ),
        Rule.AUTHORISATION_EXPIRED: ("l'autorisation a expiré", "the authorisation has expired"),
        Rule.REGULATION_DENIED: (
            "le patient s'oppose à l'accès du centre 15 (ETREAT)",
            "the patient objects to access by emergency regulation (ETREAT)",
        ),
        Rule.BREAK_GLASS_DENIED: (
            "le patient s'oppose au bris de glace (BTG)",
            "the patient objects to breaking the glass (BTG)",
        ),
        Rule.DOCUMENT_TYPE: (
            "la matrice d'habilitation n'ouvre pas ce type de document à cette profession",
            "the habilitation matrix does not open this type of document to this profession",
        ),
        Rule.DOCUMENT_MASKED: (
            "masqué aux professionnels : seuls l'auteur et le médecin traitant le voient",
            "masked from professionals: only its author and the médecin traitant see it",
        ),
        Rule.DOCUMENT_INVISIBLE: ("caché à cet acteur par sa visibilité", "hidden from this actor by its visibility"),
        Rule.SIGNATURE_DOCUMENT: (
            "signature d'un lot : personne ne la consulte",
            "the signature of a lot: nobody consults it",
        ),
        Rule.DOCUMENT_STATUS: ("caché à cet acteur par son statut", "hidden from this actor by its status"),
    }
)

OPERATIONS: Mapping[Operation, tuple[str, str]] = MappingProxyType(
    {
        Operation.AUTHENTICATION: ("s'authentifier", "authenticate"),
        Operation.EXISTENCE: ("existence du dossier", "existence of the record"),
        Operation.AUTHORISE_SELF: ("se déclarer autorisé", "declare himself authorised"),
        Operation.REMOVE_SELF: ("retirer son autorisation", "remove his authorisation"),
        Operation.STOP_BEING_MT: ("ne plus être médecin traitant", "stop being médecin traitant"),
        Operation.MY_RECORDS: ("liste de ses dossiers", "list of his records"),
        Operation.SEARCH_WITHOUT_INS: ("recherche sans INS", "search without INS"),
        Operation.WEB: ("accès web contextuel", "web access in context"),
        Operation.WEB_REINFORCED: ("accès web contextuel, AIR", "web access in context, AIR"),
        Operation.CREATE: ("créer le dossier", "create the record"),
        Operation.REACTIVATE: ("réactiver le dossier", "reactivate the record"),
        Operation.READ_ADMINISTRATIVE: ("lire les données administratives", "read administrative data"),
        Operation.CHANGE_ADMINISTRATIVE: ("modifier les données administratives", "change administrative data"),
        Operation.CLOSE: ("fermer le dossier", "close the record"),
        Operation.PATIENT_ACCESS: ("accès internet du patient", "internet access of the patient"),
        Operation.LIST_PROFESSIONALS: ("liste des professionnels", "list of professionals"),
        Operation.FEED: ("alimenter", "feed"),
        Operation.FEED_BY_CPE: ("alimenter par CPE", "feed by CPE"),
        Operation.SEARCH: ("rechercher des documents", "search documents"),
        Operation.REFERENCE_SEARCH: ("recherche de référence", "reference search"),
        Operation.READ: ("lire un document", "read a document"),
        Operation.MASK: ("masquer", "mask"),
        Operation.UNMASK: ("démasquer", "unmask"),
        Operation.MAKE_VISIBLE: ("rendre visible", "make visible"),
        Operation.DELETE: ("supprimer", "delete"),
        Operation.ARCHIVE: ("archiver", "archive"),
    }
)

CHANGES: Mapping[Change, tuple[str, str]] = MappingProxyType(
    {
        Change.MASK: ("masquer", "mask"),
        Change.UNMASK: ("démasquer", "unmask"),
        Change.MAKE_VISIBLE: ("montrer au patient", "show to the patient"),
        Change.HIDE_AGAIN: ("cacher de nouveau au patient", "hide from the patient again"),
        Change.SHOW_TO_GUARDIANS: ("montrer aux représentants", "show to representatives"),
        Change.HIDE_FROM_GUARDIANS: ("cacher aux représentants", "hide from representatives"),
        Change.ARCHIVE: ("archiver", "archive"),
        Change.UNARCHIVE: ("désarchiver", "unarchive"),
        Change.DELETE: ("supprimer", "delete"),
    }
)

ACTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        Act.OPEN: ("ouvrir le dossier", "open the record"),
        Act.AUTHORISE: ("autoriser un professionnel", "authorise a professional"),
        Act.REVOKE: ("retirer une autorisation", "remove an authorisation"),
        Act.BLOCK: ("bloquer un professionnel", "block a professional"),
        Act.UNBLOCK: ("débloquer un professionnel", "unblock a professional"),
        Act.CLOSE: ("fermer le dossier", "close the record"),
        Act.REACTIVATE: ("réactiver le dossier", "reactivate the record"),
        Act.SUSPEND: ("suspendre le dossier", "suspend the record"),
        Act.RESUME: ("lever la suspension", "end the suspension"),
        Act.DECEASE: ("noter le décès", "write down the death"),
        Act.REQUEST_DESTRUCTION: ("demander la destruction", "ask for the destruction"),
        Act.CONSENTS: ("changer les consentements d'urgence", "change emergency consents"),
        Act.MASKING: ("régler le masquage par défaut", "set default masking"),
        Act.HOLDER: ("modifier le titulaire", "change the holder"),
        Act.REPRESENTATIVE: ("modifier les représentants", "change the representatives"),
        Act.ENS: ("régler le rattachement à Mon espace santé", "set the attachment to Mon espace santé"),
        Act.IDENTITY: ("changer d'INS", "change the INS"),
        Act.EXPLAIN: ("expliquer les droits, titres compris", "explain rights, titles included"),
        Act.READ_TRACES: ("lire les traces", "read the traces"),
        Act.REIMBURSEMENTS: ("alimenter en remboursements", "feed reimbursements"),
        "TIME-AUTHORISATION-END": ("fin d'une autorisation", "an authorisation ended"),
        "TIME-HIDDEN-REMINDER": ("rappel d'un document caché", "reminder of a hidden document"),
        "TIME-MAJORITY": ("majorité du titulaire", "the holder came of age"),
    }
)
"""Acts of the administration and of time, as traces name them."""

ACTORS: Mapping[ActorKind, tuple[str, str]] = MappingProxyType(
    {
        ActorKind.PROFESSIONAL: ("un professionnel", "a professional"),
        ActorKind.FACILITY: ("un établissement", "an establishment"),
        ActorKind.PATIENT: ("le patient", "the patient"),
        ActorKind.SUPPORT: ("l'administration", "the administration"),
        ActorKind.SYSTEM: ("le système", "the system"),
    }
)

MODES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        NORMAL: ("normal", "normal"),
        BREAK_GLASS: ("bris de glace", "breaking the glass"),
        REGULATION: ("centre 15", "centre 15"),
    }
)

ASSUMED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "rights": ("une cellule qu'aucune fiche publiée n'a", "a cell that no published sheet has"),
        "habilitation": (
            "une profession dont les lignes ne sont pas vérifiées",
            "a profession whose rows are not verified",
        ),
        "authorisation_days": ("la durée d'une autorisation", "how long an authorisation lasts"),
    }
)
"""What nobody could verify, by the words of the header X-Sandbox-Assumed."""


def in_words(pair: tuple[str, str], language: Language) -> str:
    """One of two texts: French first."""
    return pair[0] if language == "fr" else pair[1]
