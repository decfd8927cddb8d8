"""The life of a booking 预约流程."""

from typing import Final

from linqi.kit.choices import Choice
from linqi.kit.flow import Flow


class State(Choice):
    """Where a booking stands 预约状态."""

    BOOKED = "booked", "已预约"
    ARRIVED = "arrived", "已到场"
    SERVED = "served", "已办理"
    MISSED = "missed", "未到场"
    CANCELLED = "cancelled", "已取消"


class Move(Choice):
    """What may be done to a booking 预约动作."""

    CHANGE = "change", "改期"
    ARRIVE = "arrive", "到场"
    SERVE = "serve", "办理完毕"
    MISS = "miss", "未到场"
    CANCEL = "cancel", "取消预约"


LIFE: Final = Flow(
    start=State.BOOKED,
    moves={
        Move.CHANGE: ({State.BOOKED}, State.BOOKED),
        Move.ARRIVE: ({State.BOOKED, State.MISSED}, State.ARRIVED),  # late is not lost
        Move.SERVE: ({State.BOOKED, State.ARRIVED}, State.SERVED),
        Move.MISS: ({State.BOOKED}, State.MISSED),
        Move.CANCEL: ({State.BOOKED}, State.CANCELLED),
    },
)
