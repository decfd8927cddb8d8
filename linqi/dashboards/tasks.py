"""What runs beside the pages of the dashboards: in a demo street, and nowhere else, the chips go on telling."""

from linqi.dashboards.demo.alive import go_on
from linqi.kit import ticker

ticker.register("demo.bins", go_on)
