"""Bins and who answers for them, what devices told, pictures and clues."""

from linqi.waste.models.clues import Clue, Picture
from linqi.waste.models.events import DeviceState, Event, HourFact, HourTouched, Quarantined
from linqi.waste.models.keeping import KeepingTerms
from linqi.waste.models.ladder import (
    ChainLink,
    HaulReport,
    LadderTerms,
    Paper,
    Referral,
    Statement,
    Step,
    Task,
    TaskClue,
)
from linqi.waste.models.registry import Bin, Card, Device, Duty, Fitting, Point, Standing
from linqi.waste.models.sheets import RegisterSheet, SheetState

__all__ = [
    "Bin",
    "Card",
    "ChainLink",
    "Clue",
    "Device",
    "DeviceState",
    "Duty",
    "Event",
    "Fitting",
    "HaulReport",
    "HourFact",
    "HourTouched",
    "KeepingTerms",
    "LadderTerms",
    "Paper",
    "Picture",
    "Point",
    "Quarantined",
    "Referral",
    "RegisterSheet",
    "SheetState",
    "Standing",
    "Statement",
    "Step",
    "Task",
    "TaskClue",
]
