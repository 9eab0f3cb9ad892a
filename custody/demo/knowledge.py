"""The worked example of "who knew what, and when", asked of the demo's ledger."""

from typing import Final

from custody.demo.asking import Asking, headline, tell
from producers.simulation.story import CHILD

_STATE: Final = "| sed -n '/^custody/,/^whereabouts/p'"


def who_knew(asking: Asking) -> None:
    """Ask what ICE-ERO and ORR knew of the release and of the missed hearing, and check each answer."""
    headline(f"Child {CHILD}: who knew what, and when?")
    tell(
        "ORR released her on 4 March at 13:20 in Houston. The release stood on ICE-ERO's feed eleven minutes later; "
        "ICE-ERO signed for it the next morning at nine. What did ICE-ERO know on the evening of 4 March?"
    )
    asking.ask(
        f"custody view {CHILD} --as ICE-ERO --known-at 2022-03-04T20:00:00-05:00 {_STATE}",
        "custody orr-custody, since 2022-01-11",
    )
    tell("It had not received it. Had it been put before ICE-ERO?")
    asking.ask(
        f"custody view {CHILD} --as ICE-ERO --known-at 2022-03-04T20:00:00-05:00 --at-least told {_STATE}",
        "custody released-to-sponsor, since 2022-03-04T13:20:00-06:00",
    )
    tell("How many children were still in care that day, and how many as far as ICE-ERO knew that evening?")
    asking.ask("custody figure in-care --on 2022-03-04 | head -n 1", "in-care on 2022-03-04: 0")
    asking.ask(
        "custody figure in-care --on 2022-03-04 --as ICE-ERO --known-at 2022-03-04T20:00:00-05:00 | head -n 1",
        "in-care on 2022-03-04: 20",
    )
    tell(
        "She did not appear in court on 9 June. The court recorded it on the 10th at 16:00, so it stood on ORR's feed; "
        "on the 14th ICE-OPLA e-mailed ORR. ORR did not read its feed until 2 July. What did ORR know on 15 June?"
    )
    asking.ask(f"custody view {CHILD} --as ORR --known-at 2022-06-15 {_STATE}", "hearing-set, since 2022-01-31")
    tell("Nothing of it. But it had been put before ORR, by the feed first:")
    asking.ask(
        f"custody timeline {CHILD} --as ORR --known-at 2022-06-15 --at-least told | tail -n 16",
        "failure-to-appear-recorded",
        "known 2022-06-10T16:00:00-04:00 (feed, proven)",
        "ORR was given notice of it, told; by its word since 2022-06-14T10:15:00-04:00",
    )
    tell("As recorded by 12 June the e-mail is not among the moments; the feed had told ORR all the same:")
    early = "--known-at 2022-06-15 --at-least told --recorded-by 2022-06-12"
    asking.ask(
        f"custody timeline {CHILD} --as ORR {early} | tail -n 12",
        "known 2022-06-10T16:00:00-04:00 (feed, proven)",
    )
    tell("When did ORR know?")
    asking.ask(
        f"custody timeline {CHILD} --as ORR --known-at 2022-07-03 | tail -n 15",
        "known 2022-07-02T10:00:00-04:00 (receipt, claimed)",
    )
    asking.ask(f"custody knows {CHILD} --as ORR | tail -n 8", "delivered 2022-07-02T10:00:00-04:00")
    tell(
        "She was not the only one. How many failures to appear of June did ORR know of on 15 June, how many had been "
        "put before it, and how many were there?"
    )
    june = "custody figure failures-to-appear --from 2022-06-01 --to 2022-06-30"
    asking.ask(f"{june} --as ORR --known-at 2022-06-15 | head -n 1", "2022-06-30: 0")
    asking.ask(f"{june} --as ORR --known-at 2022-06-15 --at-least told | head -n 1", "2022-06-30: 2")
    asking.ask(f"{june} | head -n 1", "2022-06-30: 3")
    tell("Was ORR told in time? A target, not a law, gives one business day:")
    asking.ask(f"custody obligations {CHILD} --state late | grep -A 6 T1", "T1", "towards ORR", "2022-07-02T10:00:00")
    tell("As it was recorded by 1 July, nobody had told ORR at all:")
    asking.ask(f"custody obligations {CHILD} --state missed --recorded-by 2022-07-01 | grep -A 4 T1", "towards ORR")
    tell("Where did ICE-ERO and ORR hold different things of her in March, and what closed each gap?")
    asking.ask(
        f"custody diverge {CHILD} ICE-ERO ORR --from 2022-03-01 --to 2022-03-31 | grep -A 7 ^custody:",
        "custody: differed for 18 hours 35 minutes",
        "2022-03-04T14:25:00-05:00 to 2022-03-05T09:00:00-05:00",
        "lacked by ICE-ERO: position",
        "closed by ICE-ERO receipted it",
    )
    tell("And the children of whom the two hold different addresses, at the end:")
    asking.ask(
        "custody figure divergent --member residence --between ICE-ERO ORR --list --limit 1 | tail -n 12",
        "ICE-ERO did not know of address-reported at position",
    )
    tell("And who was wrong about her hearing? Against the ledger itself:")
    asking.ask(
        f"custody diverge {CHILD} ORR ledger --from 2022-06-01 | grep -A 7 ^proceeding",
        "differed for 21 days 18 hours",
        "2022-06-10T16:00:00-04:00 to 2022-07-02T10:00:00-04:00",
        "closed by ORR receipted it",
    )
