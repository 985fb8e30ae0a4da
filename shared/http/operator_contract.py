"""What an operator may ask of `admin`, as pydantic models: one per act, strict, nothing extra."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from shared.errors import InvalidRequest
from shared.http.models import Id, Model

Name = Annotated[str, Field(pattern=r"^[a-z0-9._-]{1,40}$")]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{8,128}$")]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
OrderName = Annotated[str, Field(min_length=1, max_length=64)]
ProviderId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class Act(Model):
    """`actor` is who asks: the name that the history keeps, behind "operator:"."""

    act: str
    actor: Name


class ShowOrder(Act):
    """Everything that is known of one order (its id, or its number as typed)."""

    act: Literal["order"]
    order: OrderName


class RefundOrder(Act):
    """Give back a part, or without `amount_minor` all that is left."""

    act: Literal["refund"]
    order: OrderName
    key: Key
    amount_minor: Annotated[int, Field(ge=1, le=10**12)] | None = None


class ApproveRefund(Act):
    """Let a refund that waits for approval go; another person than asked for it."""

    act: Literal["approve"]
    order: OrderName
    refund_id: Id


class DeclineRefund(Act):
    """Refuse a refund that waits for approval."""

    act: Literal["decline"]
    order: OrderName
    refund_id: Id
    reason: Code


class HoldLicense(Act):
    """Hold the order's license back."""

    act: Literal["hold"]
    order: OrderName


class ReleaseLicense(Act):
    """Take a hold away: an operator's, or a complaint's (complaint:<id>)."""

    act: Literal["release"]
    order: OrderName
    hold: Annotated[str, Field(pattern=r"^(operator|complaint:[A-Za-z0-9_-]{1,64})$")] = "operator"


class RemoveDevice(Act):
    """Free a device's slot, without counting it as the buyer's swap."""

    act: Literal["device"]
    order: OrderName
    device_id: Id


class ExportBuyer(Act):
    """Everything that is kept about an order's buyer."""

    act: Literal["export"]
    order: OrderName


class EraseBuyer(Act):
    """Forget an order's payer and devices; what tax law needs stays."""

    act: Literal["erase"]
    order: OrderName


class ListHeld(Act):
    """The payments that fit no order and wait for somebody; or all of them."""

    act: Literal["held"]
    settled: bool = False


class ResolveHeld(Act):
    """Refund a held payment, or dismiss it as settled otherwise."""

    act: Literal["resolve"]
    transaction_id: ProviderId
    how: Literal["refund", "dismiss"]
    reason: Code | None = None


class GiveDays(Act):
    """Add days to the order's license, without money."""

    act: Literal["gift"]
    order: OrderName
    term_days: Annotated[int, Field(ge=1, le=3_660)]
    key: Key


class ListComplaints(Act):
    """The open complaints; or all of them."""

    act: Literal["complaints"]
    settled: bool = False


class ShowComplaint(Act):
    """One complaint as the provider tells it now, the buyer's words included."""

    act: Literal["complaint"]
    complaint_id: ProviderId


class AnswerComplaint(Act):
    """Send the buyer an answer."""

    act: Literal["answer"]
    complaint_id: ProviderId
    text: Annotated[str, Field(min_length=1, max_length=200)]


class CompleteComplaint(Act):
    """Tell the provider that a complaint is settled."""

    act: Literal["complete"]
    complaint_id: ProviderId


class SubscribeToComplaints(Act):
    """Have the provider notify us of complaints; another's address only with `replace`."""

    act: Literal["subscribe"]
    replace: bool = False


class ReconcileDay(Act):
    """Compare the bill of one Beijing day with the books, now."""

    act: Literal["reconcile"]
    day: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class CountDue(Act):
    """How much the timer has before it."""

    act: Literal["due"]


AnyAct = Annotated[
    ShowOrder | RefundOrder | ApproveRefund | DeclineRefund | HoldLicense | ReleaseLicense
    | RemoveDevice | ExportBuyer | EraseBuyer | ListHeld | ResolveHeld | GiveDays
    | ListComplaints | ShowComplaint | AnswerComplaint
    | CompleteComplaint | SubscribeToComplaints | ReconcileDay | CountDue,
    Field(discriminator="act")]

_ANY_ACT: TypeAdapter[AnyAct] = TypeAdapter(AnyAct)
_FIELDS = frozenset(field for model in Act.__subclasses__() for field in model.model_fields)


def parse_act(value: dict[str, object]) -> Act:
    """The act in this JSON object; InvalidRequest names the first wrong field."""
    try:
        act = _ANY_ACT.validate_python(value)
    except ValidationError as error:
        place = error.errors(include_input=False, include_url=False)[0]["loc"]
        field = str(place[1]) if len(place) > 1 else "act"
        raise InvalidRequest(code="INVALID_FIELD",
                             field=field if field in _FIELDS else None) from None
    if isinstance(act, ResolveHeld) and (act.how == "dismiss") is not (act.reason is not None):
        raise InvalidRequest(code="INVALID_FIELD", field="reason")
    return act
