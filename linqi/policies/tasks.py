"""What the ticker does for policies: steps that were not done in time are told."""

from linqi.kit import ticker
from linqi.policies.actions.payment import tell_overdue

ticker.register("policies", tell_overdue)
