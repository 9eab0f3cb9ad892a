"""Rules of obligation: dated data that say which fact starts whose clock, how long it runs, and what stops it."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ledger.model_words import in_words
from ledger.obligations.checks import faults, faults_of_versions
from ledger.obligations.vocabulary import ObligationRule

__all__ = ["ObligationFileError", "ObligationRule", "faults", "read_obligation_rules", "shipped_rules"]

RULES: Final = Path(__file__).parent / "rules"


class RuleFile(BaseModel):
    """A file of rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: Annotated[tuple[ObligationRule, ...], Field(min_length=1)]


class ObligationFileError(ValueError):
    """A file of obligation rules cannot be used; the message names each place and the cure."""


def read_obligation_rules(file: Path) -> tuple[ObligationRule, ...]:
    """Read the rules of a TOML file; raises `ObligationFileError` that names everything that is wrong with it."""
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ObligationFileError(f"{file} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ObligationFileError(f"{file} is no TOML: {error}") from None
    try:
        rules = RuleFile.model_validate(given).rules
    except ValidationError as error:
        raise ObligationFileError(
            "\n".join(f"{file}: {'.'.join(map(str, fault['loc']))}: {in_words(fault)}" for fault in error.errors())
        ) from None
    found = [f"{file}: {fault}" for fault in faults(rules)]
    if found:
        raise ObligationFileError("\n".join(found))
    return rules


@cache
def shipped_rules() -> tuple[ObligationRule, ...]:
    """Return every rule that comes with this program, D1 first, T6 last; raises `ObligationFileError`."""
    rules = [rule for file in sorted(RULES.glob("*.toml")) for rule in read_obligation_rules(file)]
    across = [f"{RULES}: {fault}" for fault in faults_of_versions(rules)]
    if across:
        raise ObligationFileError("\n".join(across))
    return tuple(sorted(rules, key=_place))


def _place(rule: ObligationRule) -> tuple[str, int, str, int]:
    digits = "".join(character for character in rule.id if character.isdigit())
    return rule.id[0], int(digits), rule.id[1 + len(digits) :], rule.version
