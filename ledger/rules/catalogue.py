"""Every rule a submission meets: what it does at which door, where it comes from, and how sure we are of that.

The numbers are those of domain (b). A finding never changes an entry; a refusal records nothing. Rules that need a
clock or other children's records are listed too, with the place that works them out, so that none is missed.
"""

from dataclasses import dataclass
from typing import Final, Literal

Effect = Literal["refuse", "guard", "warn", "-"]
"""`guard`: recorded, an open question to reconcile; `warn`: recorded, an open item; `-`: never judged at this door."""

Mark = Literal["R", "S", "M", "U", "design"]
"""How the source was met: read, read at second hand, remembered, uncertain or changing; or of our own design."""

Where = Literal["form", "decision", "receipt", "intake", "store", "verify", "clock", "population"]
"""What works the rule out: reading the message; deciding on the record; deciding on a receipt; intake (keys,
identifiers, blacking out); the database's grants; `custody verify`; the clock of an obligation; figures over other
children's records."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `command` is what it does at the command door, `feed` at the feed and import doors."""

    code: str
    command: Effect
    feed: Effect
    text: str
    source: str
    mark: Mark
    where: Where = "decision"


SAFETY: Final = "a safety fact is recorded all the same, with a guard finding"

RULES: Final[tuple[Rule, ...]] = (
    # Always hard: form, authority, integrity.
    Rule("H0", "refuse", "refuse", "Not of the form of the contract", "contract: Submission, Facts", "design", "form"),
    Rule(
        "H1",
        "refuse",
        "refuse",
        "The record has moved past `expected_version` (command door; intake refuses a used id with another body)",
        "domain (b)",
        "design",
    ),
    Rule(
        "H2",
        "refuse",
        "refuse",
        "The agency may not produce this fact; a handoff is cancelled by its giver and declined by its receiver; "
        "a finding is resolved by the producer of its entry or the STEWARD",
        "domain (b); contract: Facts",
        "design",
    ),
    Rule("H3", "-", "-", "No entry is ever changed or deleted", "domain (b)", "design", "store"),
    Rule(
        "H4",
        "refuse",
        "refuse",
        "A correction, void, merge, notice or dispute aims at nothing of this child, or beyond its producer's right",
        "knowledge: Corrections, voids, identity",
        "design",
    ),
    Rule(
        "H5",
        "refuse",
        "refuse",
        f"It would have happened, been known or been told in the future; {SAFETY}",
        "domain (b)",
        "design",
    ),
    Rule("H6", "refuse", "refuse", f"A code outside its list; {SAFETY}", "domain (b)", "design", "form"),
    Rule("H7", "refuse", "refuse", f"No source; {SAFETY}", "domain (b)", "design", "form"),
    Rule(
        "H8",
        "refuse",
        "refuse",
        "A member would carry a sponsor's immigration status; its value is kept nowhere",
        "design decision 9; 45 CFR 410.1201(b) as of 2024; P.L. 116-6 s.224",
        "S",
        "intake",
    ),
    Rule(
        "H9", "-", "-", "PostgreSQL, Kafka and the read tables hold the same entries", "domain (b)", "design", "verify"
    ),
    # What cannot come before what: recorded earlier and standing, whatever its time.
    Rule("C1", "refuse", "warn", "Handoff accepted, cancelled or declined, not started", "NIEM j:CustodyTransfer", "R"),
    Rule("C2", "refuse", "warn", "Placement designated, child not referred", "45 CFR 410.1101", "R"),
    Rule("C3", "refuse", "warn", "Admitted, but ORR has accepted no handoff of the child", "45 CFR 410.1004", "R"),
    Rule("C4", "refuse", "warn", "Transferred in the network, never admitted", "domain (b)", "design"),
    Rule(
        "C5",
        "refuse",
        "warn",
        "Released without ORR custody, an approving decision, and an address (even a blank one is said so)",
        "45 CFR 410.1201-1206",
        "R",
    ),
    Rule("C6", "refuse", "warn", "Notice to Appear served, not issued", "8 USC 1229(a)(1)", "R"),
    Rule(
        "C7",
        "refuse",
        "warn",
        "Notice to Appear filed, not issued; filed before it was served: recorded at every door, with a warning",
        "8 CFR 1003.13",
        "R",
    ),
    Rule("C8", "refuse", "warn", "Hearing set in a case with no filed Notice to Appear", "8 CFR 1003.14", "M"),
    Rule("C9", "refuse", "warn", "Hearing held or missed, not scheduled", "domain (b)", "design"),
    Rule("C10", "refuse", "warn", "In absentia order, no failure to appear in that case", "8 USC 1229a(b)(5)(A)", "R"),
    Rule("C11", "refuse", "warn", "Motion to reopen or rescind, no order in that case", "8 USC 1229a(b)(5)(C)", "S"),
    Rule(
        "C12",
        "warn",
        "warn",
        "Contact after release, child not released; a safety fact, refused at no door",
        "ORR Policy Guide 2.8.4",
        "S",
    ),
    # Contradictions.
    Rule(
        "C13",
        "refuse",
        "guard",
        "Age-out considered while under 18 by the date of birth in force",
        "8 USC 1232(c)(2)(B)",
        "R",
    ),
    Rule(
        "C14",
        "refuse",
        "guard",
        f"Present after a verified departure, not encountered anew; {SAFETY}, so is the departure itself",
        "domain (b)",
        "design",
    ),
    Rule(
        "C15",
        "refuse",
        "guard",
        f"Something after the child's death, no correction, notice or closing; {SAFETY}, so is the death itself",
        "domain (b)",
        "design",
    ),
    Rule("C16", "refuse", "guard", "Two agencies say that they have legal custody at once", "45 CFR 410.1004", "R"),
    Rule(
        "C17",
        "refuse",
        "guard",
        "Handoff both accepted and cancelled or declined, started again under its id, or called off by no party to it",
        "contract: Facts; NIEM j:CustodyTransfer",
        "design",
    ),
    # Guards.
    Rule(
        "G1",
        "guard",
        "guard",
        "Failed to appear, or ordered removed in absentia, without a hearing notice that fits: of the time and court "
        "of the hearing, served before it, on somebody, to an address in order, not returned",
        "8 USC 1229(a)(2), 1229a(b)(5)(A)",
        "R",
    ),
    Rule("G2", "guard", "guard", "Arrived before departing, or admitted twice at once", "domain (b)", "design"),
    Rule(
        "G3",
        "guard",
        "guard",
        "New date of birth: the child was of another age band when a Notice to Appear was served",
        "8 CFR 103.8(c)(2)(ii); Matter of W-A-F-C-",
        "R",
    ),
    Rule("G4", "guard", "guard", "Released as a child on or after the 18th birthday", "6 USC 279(g)(2)", "R"),
    Rule(
        "G5",
        "guard",
        "guard",
        "Discharge notified, no exit recorded (an exit without notice shows in W4)",
        "ORR Policy Guide 2.8.3",
        "S",
    ),
    Rule("G6", "guard", "guard", "Hearing set in another court than the case is in", "domain (b)", "design"),
    Rule(
        "G7",
        "guard",
        "guard",
        "An exit from care before everything that brought the child in, or an admission after an exit with no return "
        "in between; whichever was recorded first",
        "contract: How facts move the regions",
        "design",
    ),
    # Warnings.
    Rule("W1", "-", "-", "No notice to HHS within 48 hours", "8 USC 1232(b)(2)", "R", "clock"),
    Rule("W2", "-", "-", "No transfer to HHS within 72 hours, no reason code", "8 USC 1232(b)(3)", "M", "clock"),
    Rule("W3", "warn", "warn", "Release address blank, undeliverable, or lacking a unit", "OIG-25-21; OIG-23-47", "S"),
    Rule("W4", "-", "-", "No discharge notification within 24 hours", "ORR Policy Guide 2.8.3", "S", "clock"),
    Rule("W5", "-", "-", "Handoff started, not accepted in time", "domain (d) T5", "design", "clock"),
    Rule("W6", "-", "-", "The case's court is not the one for the address", "OIG-25-21 R2", "S", "population"),
    Rule("W7", "warn", "warn", "Notice to Appear mailed to an address known to be defective", "8 USC 1229(a)(1)", "R"),
    Rule("W8", "warn", "warn", "Child under 14 served alone", "8 CFR 103.8(c)(2)(ii)", "R"),
    Rule(
        "W9",
        "warn",
        "warn",
        "Child of 14 to 17 served in the Ninth Circuit, no adult served",
        "Flores-Chavez v. Ashcroft",
        "S",
    ),
    Rule("W10", "warn", "warn", "Hearing notice mailed to an address given up before", "8 USC 1229(a)(2)", "R"),
    Rule("W11", "-", "-", "Failure to appear not told to ORR and ERO in time", "OIG-24-46 rec. 2", "R", "clock"),
    Rule("W12", "-", "-", "Released, no Notice to Appear and no reason", "OIG-25-21 R3", "S", "clock"),
    Rule("W13", "-", "-", "Notice to Appear served, not filed", "domain (d) T3", "design", "clock"),
    Rule("W14", "-", "-", "Same sponsor or address for many children", "OIG-23-47", "S", "population"),
    Rule("W15", "-", "-", "Safety and well-being contact missing", "ORR Policy Guide 2.8.4", "U", "clock"),
    Rule("W16", "warn", "warn", "The child does not live at the release address", "ORR call form", "R"),
    Rule("W17", "-", "-", "18th birthday near, no plan", "8 USC 1232(c)(2)(B)", "R", "clock"),
    Rule("W18", "warn", "warn", "Absence open", "UC Portal SIR", "R"),
    Rule("W19", "warn", "warn", "Identifier already on another child", "domain 4.4", "M"),
    Rule("W20", "warn", "warn", "Notice to Appear without time and place", "8 USC 1229(a)(1)(G)", "R"),
    Rule(
        "W21",
        "warn",
        "warn",
        "Court address in care of somebody, after the form lost that field",
        "EOIR-33, Feb 2026",
        "R",
    ),
    # Remarks on the submission itself.
    Rule(
        "identifiers-disagree",
        "guard",
        "guard",
        "The submission names identifiers of two records; it stands under the first",
        "contract: Submission",
        "design",
    ),
    Rule(
        "record-opened",
        "warn",
        "warn",
        "A record was opened by a fact that usually comes later",
        "contract: Submission",
        "design",
    ),
    Rule("occurred-at-unknown", "warn", "warn", "When it happened is unknown", "contract: Submission", "design"),
    Rule(
        "implausible-date",
        "warn",
        "warn",
        "A date nobody can have meant: a birth in the future or after what is recorded, a child of 21 or older, a "
        "happening before the birth or before 1990, something planned for the past or 15 years away",
        "design: what it answers",
        "design",
    ),
    Rule(
        "known-before-happening",
        "warn",
        "warn",
        "Somebody claims to have known or told it before it happened; the claim counts from the happening on",
        "knowledge: Moments of knowledge",
        "design",
    ),
    Rule(
        "code-missing",
        "warn",
        "warn",
        "The source gave no code; its text decided",
        "contract: import hhs-releases",
        "design",
    ),
    Rule(
        "doubled-row-id",
        "warn",
        "warn",
        "The source's row id stood twice; this row opened a record of its own",
        "contract: import hhs-releases",
        "design",
    ),
    Rule(
        "reference-unknown",
        "guard",
        "guard",
        "`cures`, `address_position` or a notice's `members` point at nothing recorded for this child",
        "knowledge: Corrections, voids, identity",
        "design",
    ),
    Rule(
        "earlier-kept",
        "guard",
        "guard",
        "An earlier message of the same agency about the child is kept as a dead letter, for a fault of the ledger",
        "contract: Outcome",
        "design",
        "intake",
    ),
    Rule(
        "X1",
        "refuse",
        "refuse",
        "A fault of the ledger itself: nothing was recorded; the message is kept and tried again, its id stays free",
        "contract: Outcome",
        "design",
        "intake",
    ),
    Rule(
        "identifier-attached",
        "warn",
        "warn",
        "An identifier nobody carried names this child from now on, beside another of its scheme",
        "contract: Submission",
        "design",
    ),
    Rule(
        "identifier-implausible",
        "guard",
        "guard",
        "Identifiers beside a known one are too many of their scheme to be one child's: they name nobody",
        "contract: Submission; domain 4.4",
        "design",
    ),
    Rule(
        "identifier-released",
        "warn",
        "warn",
        "By a void an identifier names nobody, or another record of this person: no entry that stands ties it to her",
        "contract: Submission; knowledge: Corrections, voids, identity",
        "design",
    ),
    Rule(
        "told-though-protected",
        "warn",
        "warn",
        "A notice tells an agency of an entry whose very existence the sharing rules protect from it; for the STEWARD",
        "8 USC 1367; 8 CFR 208.6, 1208.6; knowledge: Sharing rules and feeds",
        "design",
    ),
    # Receipts: an agency signs for items of its own feed.
    Rule(
        "R1",
        "-",
        "refuse",
        "A receipt names a number beyond the last one published on the agency's feed",
        "contract: Feed item and receipt",
        "design",
        "receipt",
    ),
    Rule("R2", "-", "refuse", "A receipt claims a time in the future", "domain (b), H5", "design", "receipt"),
    Rule(
        "R3",
        "-",
        "warn",
        "A receipt claims a time before its last number was published; it counts from the publication on",
        "knowledge: Moments of knowledge",
        "design",
        "receipt",
    ),
)

BY_CODE: Final[dict[str, Rule]] = {rule.code: rule for rule in RULES}
