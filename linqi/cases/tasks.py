"""What the tick does for cases."""

from linqi.cases.actions import tick
from linqi.kit import ticker

ticker.register("cases", tick)
