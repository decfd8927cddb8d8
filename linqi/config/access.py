"""Who may see how the product is doing."""

from linqi.config.models import Pulse
from linqi.kit.access import Role, allow, scope, to_nobody
from linqi.kit.privacy import declare

allow("config.health", Role.DISTRICT_OPERATOR, label="查看运行状况")

scope(Pulse, "config.health", to_nobody("read by /health only"))

declare(Pulse, plain=["name"])
