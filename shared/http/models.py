"""What all models of the HTTP contract are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
Seconds = Annotated[int, Field(ge=0, description="Seconds since 1970 (UTC).")]


class Model(BaseModel):
    """No unknown field, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class MoneyModel(Model):
    """An exact amount in the currency's smallest unit."""

    amount_minor: int
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
