"""Tokens made from good ones: a byte changed under the signature, or odd JSON that is signed."""

from __future__ import annotations

import random
from typing import Any

from tests.vectors.leases.minting import KEYS, jws, lease_claims, lease_header, text_of
from tests.verifier.vectors import document

GOOD = {"leases": "form: a good lease", "proofs": "proof: a good proof"}
ARGUMENT = {"leases": "token", "proofs": "proof"}
PIECES = [*'{}[]:,"\\ \n\t\x0b\x0c-+.eE0123456789tfnul', "true", "null", "NaN", '""', "\\u",
          "\\ud800", "\\u0061", "\\/", "/**/", "1e5", "-0", "00", "1.0", "9007199254740992",
          "\u2028", "\u00a0", "\x7f", "\x00", "é", "通", "\ufeff", '"a":1,',
          '"exp":1,', "[]", "{}", ",,", "'", "٣"]


def good_case(name: str) -> dict[str, Any]:
    """The good case of a file."""
    found: dict[str, Any] = next(
        case for case in document(name)["cases"] if case["name"] == GOOD[name])
    return found


def changed(name: str, position: int, character: str) -> dict[str, Any]:
    """The good case of a file with one character of its token replaced."""
    case, argument = good_case(name), ARGUMENT[name]
    token = case["args"][argument]
    mutant = token[:position] + character + token[position + 1:]
    return {**case, "args": {**case["args"], argument: mutant}}


def mutants() -> dict[str, Any]:
    """Each place of both good tokens, changed in two ways."""
    cases = []
    for name in GOOD:
        token = good_case(name)["args"][ARGUMENT[name]]
        for position, character in enumerate(token):
            cases += [changed(name, position, chr(ord(character) ^ bit)) for bit in (1, 6)]
    return {**document("leases"), "only": "platform", "cases": cases}


def odd_json(count: int = 1_500) -> dict[str, Any]:
    """Leases with a good signature over header and claims whose text was tampered with."""
    chance = random.Random(20270115)  # one seed, so that a difference found is found again
    header, claims = (text_of(it).decode() for it in (lease_header(), lease_claims()))
    cases = []
    for number in range(count):
        in_header = number % 5 == 0
        text = header if in_header else claims
        if number % 2:
            text = _tampered(chance, text)
        else:
            more = _tampered(chance, '"more",-12,[true,null,{"a":"b"}]')
            text = f'{text[:-1]},"more":[{more}]}}'
        token = jws(text if in_header else header, claims if in_header else text,
                    KEYS["test-a"].sign)
        case = good_case("leases")
        cases.append({**case, "text": text, "args": {**case["args"], "token": token}})
    return {**document("leases"), "only": "platform", "cases": cases}


def _tampered(chance: random.Random, text: str) -> str:
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text) + 1)
        cut = chance.choice([0, 0, 1, 1, 2, 8])
        put = chance.choice(["", *PIECES])
        text = text[:at] + put + text[at + cut:]
    return text
