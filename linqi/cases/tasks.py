"""What the tick does for cases."""

from linqi.cases.actions import learn_when_due, tick
from linqi.kit import ticker

ticker.register("cases", tick)
ticker.register("cases.reader", learn_when_due)
