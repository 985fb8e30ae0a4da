"""Whose proof opens which door: the host that counts, the platform's words, no proof at all."""

from __future__ import annotations

import pytest

from shared.errors import DeviceUnproven, InvalidRequest
from shared.http.device_gate import NONCE, DeviceGate
from shared.http.request import Request
from tests.fakes.clock import FakeClock
from tests.fakes.proofs import FakeDeviceProofs


def ask(gate: DeviceGate, proofs: FakeDeviceProofs, host: str = "fc.example") -> str | None:
    """Show a good proof; the host that it was held against."""
    proof = proofs.proof("device", gate.clock.now_s())
    gate.thumbprint_of(Request("POST", "/v1/licenses/claim", {"dpop": proof}, {}, b"", "", "r",
                               host=host))
    return proofs.checked[-1].host


@pytest.mark.parametrize(("public", "told", "counts"), [
    ("", "fc.example", "fc.example"), ("license.example", "fc.example", "license.example"),
    ("license.example", "", "license.example"), ("", "", None)])
def test_the_setting_counts_before_what_the_platform_tells(public: str, told: str,
                                                           counts: str | None) -> None:
    proofs = FakeDeviceProofs()
    assert ask(DeviceGate(proofs, FakeClock(), public), proofs, told) == counts


def test_no_proof_is_answered_with_a_nonce_to_make_one() -> None:
    gate = DeviceGate(FakeDeviceProofs(), FakeClock())
    with pytest.raises(DeviceUnproven) as caught:
        gate.thumbprint_of(Request("POST", "/", {}, {}, b"", "", "r"))
    assert caught.value.code == "DEVICE_PROOF_REQUIRED"
    assert caught.value.headers == gate.nonce() != {}
    assert set(gate.nonce()) == {NONCE}


@pytest.mark.parametrize(("platform", "taken"), [
    ("", True), ("chrome/windows", True), ("a/1", True), ("chrome", False), ("Chrome/x", False),
    ("chrome/windows/11", False), ("a" * 17 + "/x", False), ("chrome/windows\n", False),
    (7, False), (None, False)])
def test_a_platform_is_two_small_words_or_nothing(platform: object, taken: bool) -> None:
    proofs, clock = FakeDeviceProofs(), FakeClock()
    request = Request("POST", "/", {"dpop": proofs.proof("device", clock.now_s())}, {}, b"", "",
                      "r")
    gate = DeviceGate(proofs, clock)
    if taken:
        assert gate.device_of(request, platform).platform == platform
    else:
        with pytest.raises(InvalidRequest) as caught:
            gate.device_of(request, platform)
        assert caught.value.field == "platform"
