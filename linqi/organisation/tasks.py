"""What the tick does about the organisation."""

from linqi.kit import ticker
from linqi.organisation.actions.closing import end_what_closed

ticker.register("organisation.closed", end_what_closed)
