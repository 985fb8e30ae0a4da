"""An emulator of Alibaba Cloud Tablestore's wide-column tables; see README.md beside this file."""

from __future__ import annotations

from .emulator import TablestoreEmulator
from .errors import TablestoreError
from .faults import Fault
from .records import RequestRecord

__all__ = ["Fault", "RequestRecord", "TablestoreEmulator", "TablestoreError"]
