"""What is typed makes the files it should, or is refused with advice; nothing private is shown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scripts.keyring.encoding import thumbprint
from scripts.keyring.key_set import KeySet, verify
from scripts.keyring.private_keys import make_root, make_signing_key, root_from_pem
from shared.base64url import b64url, from_b64url
from tests.unit.keyring.desk import NOW_S, PASSPHRASE, Desk, public_part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY_S = 86_400


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    """With a umask that allows everything: modes must not depend on it."""
    umask = os.umask(0)
    tmp_path.chmod(0o700)
    yield Desk(tmp_path, capsys)
    os.umask(umask)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def kept(desk: Desk, x: str) -> KeySet:
    return verify((desk.folder / "keys.jws").read_text(), [x])


def statuses(key_set: KeySet) -> dict[str, str]:
    return {key.kid: key.status for key in key_set.keys}


def test_a_root_is_an_encrypted_file_for_its_owner_alone(desk: Desk) -> None:
    desk.typed = [PASSPHRASE, PASSPHRASE]
    code, out, _ = desk.type("root a.pem")
    x = public_part(out)
    assert (code, out) == (0, f"kid  {thumbprint(x)}\nx    {x}\n")
    assert mode(desk.folder / "a.pem") == 0o600
    pem = (desk.folder / "a.pem").read_bytes()
    assert pem.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert root_from_pem(pem, lambda: PASSPHRASE).x == x
    assert [*desk.folder.iterdir()] == [desk.folder / "a.pem"]


def test_a_root_without_passphrase_asks_nothing(desk: Desk) -> None:
    desk.root()
    assert desk.asked == []
    assert (desk.folder / "a.pem").read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----\n")


def test_a_signing_key_is_the_seed_that_the_setting_takes(desk: Desk) -> None:
    code, out, _ = desk.type("signing s.key --kid 2026-11-a")
    seed = (desk.folder / "s.key").read_text().strip()
    public = Ed25519PrivateKey.from_private_bytes(from_b64url(seed)).public_key()
    assert (code, out) == (
        0, f"kid  2026-11-a\nx    {b64url(public.public_bytes_raw())}\n")
    assert mode(desk.folder / "s.key") == 0o600


def test_every_key_is_another_one(desk: Desk) -> None:
    assert desk.root("a.pem") != desk.root("b.pem")
    assert desk.make("a")[2:] != desk.make("b")[2:]


def test_a_set_lives_through_every_step(desk: Desk) -> None:
    x = desk.begin()
    assert mode(desk.folder / "keys.jws") == 0o644
    for line, expected in [
            (f"rotate keys.jws {desk.make('2026-12-a')} --overlap-s 60",
             {"2026-11-a": "retired", "2026-12-a": "active"}),
            (f"add keys.jws {desk.make('2027-01-a')}",
             {"2026-11-a": "retired", "2026-12-a": "active", "2027-01-a": "active"}),
            ("withdraw keys.jws 2026-12-a",
             {"2026-11-a": "retired", "2026-12-a": "withdrawn", "2027-01-a": "active"}),
            (f"withdraw keys.jws 2027-01-a --replacement {desk.make('2027-02-a')}",
             {"2026-11-a": "retired", "2026-12-a": "withdrawn", "2027-01-a": "withdrawn",
              "2027-02-a": "active"})]:
        seq = kept(desk, x).seq
        code, _, err = desk.type(f"set {line} --root a.pem")
        assert (code, err) == (0, "")
        assert statuses(kept(desk, x)) == expected
        assert kept(desk, x).seq == seq + 1
    assert mode(desk.folder / "keys.jws") == 0o644
    assert not [path for path in desk.folder.iterdir() if path.name.startswith(".")]


def test_a_step_shows_what_was_and_what_is(desk: Desk) -> None:
    desk.begin()
    _, out, _ = desk.type(f"set rotate keys.jws {desk.make('2026-12-a')} --root a.pem")
    head, _, *rows = out.splitlines()
    assert head == ("tongbao:TB01  live  seq 1 → 2  signed 2026-11-23 12:00  "
                    "ends 2027-12-28 12:00 UTC, in 400 days")
    assert [row.split()[:8] for row in rows] == [
        ["~", "2026-11-a", "active", "retired", "2026-11-23", "00:00", "2026-11-23", "13:00"],
        ["+", "2026-12-a", "–", "active", "2026-11-23", "00:00", "–",
         kept(desk, desk_root(desk)).keys[1].x]]


def desk_root(desk: Desk) -> str:
    return root_from_pem((desk.folder / "a.pem").read_bytes(), str).x


def test_a_renewal_says_which_key_it_leaves_out(desk: Desk) -> None:
    x = desk.begin()
    desk.type(f"set rotate keys.jws {desk.make('2026-12-a')} --root a.pem")
    desk.now_s += 23 * DAY_S
    code, out, _ = desk.type("set renew keys.jws --root a.pem --days 100")
    assert code == 0
    assert "2026-11-a is left out: the last lease that it signed is over" in out.splitlines()
    assert statuses(kept(desk, x)) == {"2026-12-a": "active"}
    assert kept(desk, x).ends_at_s == desk.now_s + 100 * DAY_S


def test_the_next_root_signs_what_the_former_one_signed_before(desk: Desk) -> None:
    x, next_x = desk.begin(), desk.root("b.pem")
    before = (desk.folder / "keys.jws").read_text()
    code, _, err = desk.type("set renew keys.jws --root b.pem")
    assert (code, "--root-pub" in err) == (1, True)
    assert (desk.folder / "keys.jws").read_text() == before
    assert desk.type(f"set renew keys.jws --root b.pem --root-pub {x}")[0] == 0
    assert kept(desk, next_x).seq == 2


@pytest.mark.parametrize(("days", "warned"), [(61, False), (60, False), (59, True), (1, True)])
def test_sixty_days_before_its_end_a_set_is_warned_of(
        desk: Desk, days: int, warned: bool) -> None:
    x = desk.begin()
    desk.now_s += (400 - days) * DAY_S
    code, out, err = desk.type(f"set show keys.jws --root-pub {x}")
    assert code == 0
    assert "2026-11-a" in out
    assert f"in {days} days" in out
    assert (f"the set ends in {days} days" in err) == warned


def test_an_ended_set_is_shown_as_ended(desk: Desk) -> None:
    x = desk.begin()
    desk.now_s += 400 * DAY_S
    code, _, err = desk.type(f"set show keys.jws --root-pub {x}")
    assert code == 0
    assert "ENDED" in err
    assert desk.type("set renew keys.jws --root a.pem")[2] == ""


def test_a_public_half_may_begin_with_a_dash(desk: Desk) -> None:
    number = next(number for number in range(10_000) if make_signing_key(
        "a", lambda size, n=number: n.to_bytes(size, "big")).x.startswith("-"))
    root = make_root(lambda size: number.to_bytes(size, "big"))
    (desk.folder / "a.pem").write_bytes(root.pem(None))
    (desk.folder / "a.pem").chmod(0o600)
    desk.type(f"set new keys.jws --root a.pem --issuer tongbao:TB01 --environment live "
              f"--key {desk.make('k')}")
    assert desk.type(f"set show keys.jws --root-pub {root.x}")[0] == 0


def test_a_passphrase_is_asked_for_only_where_one_is_needed(desk: Desk) -> None:
    desk.begin()
    assert desk.asked == []
    desk.typed = [PASSPHRASE] * 2
    x = public_part(desk.type("root b.pem")[1])
    desk.typed = [PASSPHRASE]
    assert desk.type(f"set renew keys.jws --root b.pem --root-pub {desk_root(desk)}")[0] == 0
    assert len(desk.asked) == 3
    word = desk.folder / "word"
    word.write_text(PASSPHRASE + "\n")
    word.chmod(0o600)
    assert desk.type("set renew keys.jws --root b.pem --passphrase-file word")[0] == 0
    assert (len(desk.asked), kept(desk, x).seq) == (3, 3)


REFUSED = [
    ("root a.pem --no-passphrase", "exists"),
    ("signing 2026-11-a.key --kid b", "exists"),
    ("root nowhere/b.pem", "mkdir -m 700"),
    ("root open/b.pem", "chmod go-w"),
    ("root repo/deep/b.pem", "git work tree"),
    ("signing repo/deep/b.key --kid b", "git work tree"),
    ("signing b.key --kid test-1", "test key"),
    ("signing b.key --kid a/b", "kid"),
    ("root b.pem", "characters"),
    ("set new keys.jws --root a.pem --issuer tongbao:TB01 --environment live --key {new}",
     "exists"),
    ("set new b.jws --root a.pem --issuer TB01 --environment live --key {new}", "TONGBAO_PREFIX"),
    ("set new b.jws --root a.pem --issuer tongbao:TB01 --environment live --key b={root}",
     "signing key"),
    ("set new b.jws --root a.pem --issuer tongbao:TB01 --environment live --key test-{new}",
     "test key"),
    ("set new no/b.jws --root a.pem --issuer tongbao:TB01 --environment live --key {new}",
     "mkdir"),
    ("set rotate keys.jws b=AAAA --root a.pem", "signing"),
    ("set rotate keys.jws {old} --root a.pem", "set renew"),
    ("set rotate keys.jws {new} --root other.pem", "--root-pub"),
    ("set rotate keys.jws {new} --root locked.pem --passphrase-file wrong", "passphrase"),
    ("set rotate keys.jws {new} --root locked.pem --passphrase-file loose", "chmod 600"),
    ("set rotate keys.jws {new} --root loose.pem", "chmod 600"),
    ("set rotate keys.jws {new} --root missing.pem", "cannot be read"),
    ("set rotate keys.jws {new} --root 2026-11-a.key", "no Ed25519 root"),
    ("set rotate a.pem {new} --root a.pem", "--root-pub"),
    ("set rotate missing.jws {new} --root a.pem", "cannot be read"),
    ("set withdraw keys.jws 2026-11-a --root a.pem", "announce one more"),
    ("set withdraw keys.jws b --root a.pem", "set show"),
    ("set renew cut.jws --root a.pem", "GET /v1/keys"),
    ("set show keys.jws --root-pub {new_x}", "--root-pub")]


def lay_out(desk: Desk) -> dict[str, str]:
    """Everything that REFUSED speaks of."""
    root = desk.begin()
    desk.root("other.pem")
    desk.root("loose.pem")
    (desk.folder / "loose.pem").chmod(0o640)
    desk.typed = [PASSPHRASE, PASSPHRASE]
    desk.type("root locked.pem")
    (desk.folder / "open").mkdir(mode=0o770)
    (desk.folder / "repo" / "deep").mkdir(mode=0o700, parents=True)
    (desk.folder / "repo" / ".git").mkdir()
    for name, word, its_mode in (("wrong", PASSPHRASE + "!", 0o600), ("loose", PASSPHRASE, 0o644)):
        (desk.folder / name).write_text(word)
        (desk.folder / name).chmod(its_mode)
    (desk.folder / "cut.jws").write_text((desk.folder / "keys.jws").read_text()[:-9])
    desk.typed = ["too short"]
    new = make_signing_key("b", lambda size: b"b" * size)
    old = verify((desk.folder / "keys.jws").read_text(), [root]).keys[0]
    return {"root": root, "new": f"b={new.x}", "new_x": new.x, "old": f"{old.kid}={old.x}"}


@pytest.mark.parametrize(("line", "advice"), REFUSED, ids=[line for line, _ in REFUSED])
def test_a_refusal_gives_advice_and_writes_nothing(desk: Desk, line: str, advice: str) -> None:
    names = lay_out(desk)
    before = {path: path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()}
    code, out, err = desk.type(line.format(**names))
    assert (code, out) == (1, "")
    assert err.startswith("refused: ")
    assert advice in err
    assert {path: path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()} == before


def test_the_same_words_without_their_mistake_are_done(desk: Desk) -> None:
    names = lay_out(desk)
    desk.typed = []
    right = (desk.folder / "right")
    right.write_text(PASSPHRASE)
    right.chmod(0o600)
    for line in (
            "root b.pem --no-passphrase", "signing b.key --kid b",
            "signing t.key --kid test-1 --environment test",
            "root repo/deep/b.pem --no-passphrase --anyway",
            "signing repo/deep/b.key --kid b --anyway",
            "set new b.jws --root a.pem --issuer tongbao:TB01 --environment live --key {new}",
            "set new t.jws --root a.pem --issuer tongbao:TB01 --environment test "
            "--key test-{new}",
            "set rotate b.jws c={old_x} --root locked.pem --passphrase-file right "
            "--root-pub {root}"):
        names["old_x"] = names["old"].partition("=")[2]
        assert desk.type(line.format(**names))[0] == 0, line


@pytest.mark.parametrize("line", [
    "", "set", "root", "signing s.key", "set show keys.jws", "set new keys.jws",
    "set rotate keys.jws KID --root a.pem", "set renew keys.jws --root a.pem --days 0",
    "set renew keys.jws --root a.pem --days 801", "set renew keys.jws --root a.pem --days ten"])
def test_what_is_typed_wrongly_ends_with_two(desk: Desk, line: str) -> None:
    desk.begin()
    assert desk.type(line)[0] == 2


def test_passphrases_that_differ_make_no_root(desk: Desk) -> None:
    desk.typed = [PASSPHRASE, PASSPHRASE + "!"]
    assert desk.type("root a.pem")[0] == 1
    assert [*desk.folder.iterdir()] == []


def test_a_clock_that_was_set_back_signs_nothing(desk: Desk) -> None:
    desk.begin()
    desk.now_s = NOW_S - 1
    code, _, err = desk.type("set renew keys.jws --root a.pem")
    assert (code, "clock" in err) == (1, True)
